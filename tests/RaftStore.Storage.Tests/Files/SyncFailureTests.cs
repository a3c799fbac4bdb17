using System.Globalization;
using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

/// <summary>Real failures of real system calls: what the base class library swallows must reach us (catalogue 46).</summary>
public sealed class SyncFailureTests : IDisposable
{
    private readonly string _directory = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "raftstore-sync-" + Guid.NewGuid().ToString("N"));

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    [FactWithStrace]
    public void FailingFDataSync_OfEveryNumber_IsReportedAndNothingAfterItIsAcknowledged()
    {
        int undisturbed = Acknowledged(Run("inject=none"), out bool hasFailed);
        Assert.False(hasFailed);
        Assert.Equal(SyncProbe.BatchCount, undisturbed);

        // Making three files, the two slots of the durable end at the opening, a vote in two copies, and the batches.
        const int syncs = 3 + 2 + 2 + SyncProbe.BatchCount;
        foreach (string error in new[] { "EIO", "ENOSPC", "EDQUOT" })
        {
            for (int number = 1; number <= syncs; number += error == "EIO" ? 1 : 6)
            {
                Dispose();
                string output = Run($"inject=fdatasync:error={error}:when={number}");
                int acknowledged = Acknowledged(output, out hasFailed);
                Assert.True(hasFailed, $"fdatasync {number} failed with {error}, and nobody noticed:\n{output}");
                Assert.Contains("fdatasync", output, StringComparison.Ordinal);

                // The page cache still has what was written, so that a restart may find one more than was acknowledged, never fewer.
                int found = Recovered();
                Assert.InRange(found, acknowledged, acknowledged + 1);
            }
        }

        Dispose();
        Acknowledged(Run($"inject=fdatasync:error=EIO:when={syncs + 1}"), out hasFailed);
        Assert.False(hasFailed, "there are more syncs than were tried");
    }

    [FactWithStrace]
    public void FailingFSyncOfADirectory_IsReported()
    {
        for (int number = 1; number <= 3; number++)
        {
            Dispose();
            string output = Run($"inject=fsync:error=EIO:when={number}");
            Assert.Equal(0, Acknowledged(output, out bool hasFailed));
            Assert.True(hasFailed, output);
            Assert.Contains("fsync of", output, StringComparison.Ordinal);
        }
    }

    [FactWithStrace]
    public void InterruptedCall_IsMadeAgain()
    {
        string output = Run("inject=fdatasync:error=EINTR:when=3..6");

        Assert.Equal(SyncProbe.BatchCount, Acknowledged(output, out bool hasFailed));
        Assert.False(hasFailed);
    }

    private static int Acknowledged(string output, out bool hasFailed)
    {
        string[] lines = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        hasFailed = lines.Any(line => line.StartsWith("failed: ", StringComparison.Ordinal));
        return lines.Count(line => line.StartsWith("durable ", StringComparison.Ordinal));
    }

    private string Run(string injection)
    {
        Directory.CreateDirectory(_directory);
        string probe = typeof(SyncProbe).Assembly.Location;
        string[] trace = injection == "inject=none" ? [] : ["-e", injection];
        (int exitCode, string output) = ChildProcess.Run("strace", ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", .. trace, "dotnet", probe, _directory + "/wal"]);
        Assert.True(exitCode is 0 or 4, string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode}: {output}"));
        Assert.Equal(exitCode == 4, output.Contains("failed: ", StringComparison.Ordinal));
        return output;
    }

    private int Recovered()
    {
        using WriteAheadLog log = WriteAheadLog.Open(new PosixFileSystem(), _directory + "/wal", new ClusterId(1), LogDriver.Small, EntryId.Zero, out RecoveredLog recovered);
        return recovered.Batches.Count;
    }
}
