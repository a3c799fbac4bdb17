using System.Globalization;
using RaftStore.Cluster.Tests.Harness;
using RaftStore.Verification;

namespace RaftStore.Cluster.Tests;

/// <summary>A process that is killed by SIGKILL just before one of its own calls of the disk, by strace: life after life on one directory, each life
/// killed somewhere else. What a killed process has written stays in the page cache; what a power cut leaves is tried in simulation.</summary>
public sealed class CrashPointTests
{
    private const int Keys = 4;
    private const int Rounds = 8;
    private const int Never = 60_000;
    private const int SigKill = 128 + Signals.Kill;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    // Which call, and the how manyth of them that one thread makes. The first ones are those that form the node, before anything can be written; then
    // come those of the log, whose new segments are filled with zeros by 64 writes and syncs, of snapshots and of starts. Two lives come to no such call:
    // however slow the machine is, they write enough for a snapshot, and the second compacts what the first has written.
    private static readonly (string Call, int Count)[] Points =
    [
        ("mkdir", 1), ("mkdir", 3), ("rename", 1), ("rename", 2), ("rename", 3), ("fsync", 2), ("fsync", 5), ("fdatasync", 3),
        ("pwrite64", 2), ("fdatasync", 2), ("fdatasync", 40), ("fdatasync", Never), ("rename", 1), ("pwrite64", 30), ("fsync", 1), ("fsync", 2), ("fsync", 3),
        ("rename", 1), ("fdatasync", Never), ("unlink", 1), ("fdatasync", 1), ("pwrite64", 3), ("fdatasync", 6),
    ];

    [StraceFact]
    public async Task Process_KilledAtItsCallsOfTheDiskAgainAndAgain_FindsEverythingAcknowledged()
    {
        using var cluster = new TestCluster(1, "--snapshot-log-size", "64KiB");
        TestNode node = cluster.Nodes[0];
        var history = new AcknowledgedHistory();
        int killed = 0;
        foreach ((string call, int count) in Points)
        {
            // Without its diagnostics the runtime makes and removes no files of its own.
            node.Start(["env", "DOTNET_EnableDiagnostics=0", "strace", "-D", "-f", "-q", "-o", "/dev/null", "-e", $"trace={call}", "-e", string.Create(CultureInfo.InvariantCulture, $"inject={call}:signal=SIGKILL:when={count}")]);
            await LiveAsync(cluster, history, $"{call}{count}");
            killed += await EndAsync(node) ? 1 : 0;
        }

        node.Start();
        await cluster.HoldsAsync("it serves after all of that", node.Http.IsReadyAsync, Deadline);
        await ReadAllAsync(node, history);

        IReadOnlyList<string> violations = history.FindViolations();
        Assert.True(violations.Count == 0, $"{string.Join('\n', violations)}\n{cluster.Logs}");
        Assert.True(killed >= Points.Length / 2, $"only {killed} lives ended at the call that was meant: the others had none");
        Assert.True(await TestCluster.StatusNumberAsync(node, "snapshotIndex") > 0, "no life came as far as a snapshot");
        Assert.True(await TestCluster.StatusNumberAsync(node, "compactedRevision") > 0, "no life came as far as a compaction");
    }

    /// <summary>Reads what should be there, drops history, and writes, until that is done or the process is gone.</summary>
    private static async Task LiveAsync(TestCluster cluster, AcknowledgedHistory history, string life)
    {
        TestNode node = cluster.Nodes[0];
        await cluster.HoldsAsync($"it serves, or ended, in its life {life}", async () => node.Process.HasExited || await node.Http.IsReadyAsync(), Deadline);
        await ReadAllAsync(node, history);
        long revision = await TestCluster.StatusNumberAsync(node, "revision");
        if (revision > 0)
        {
            await node.Http.SendJsonAsync(HttpMethod.Post, "/v1/compact", string.Create(CultureInfo.InvariantCulture, $$"""{"revision":{{revision}}}"""));
        }

        for (int round = 0; round < Rounds && !node.Process.HasExited; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Keys).Select(key => WriteAsync(node, history, key, string.Create(CultureInfo.InvariantCulture, $"{life}.{round}.{key}"))));
        }
    }

    /// <summary>Kills a process that its call has not killed.</summary>
    /// <returns>True where the call did.</returns>
    private static async Task<bool> EndAsync(TestNode node)
    {
        bool isGone = node.Process.HasExited;
        node.Process.Kill();
        int code = await node.Process.ExitCodeAsync(Deadline);
        Assert.True(code == SigKill, $"it ended with {code}, and not by the signal:\n{node.Output}");
        return isGone;
    }

    private static async Task WriteAsync(TestNode node, AcknowledgedHistory history, int key, string value)
    {
        // Long, so that a few of them are a reason for a snapshot.
        string whole = value + new string('x', 8 << 10);
        long begun = history.Begin();
        Answer answer = await node.Http.PutAsync(Name(key), whole);
        if (answer.Outcome == Outcome.Done)
        {
            history.WriteAcknowledged(Name(key), whole, answer.Revision, begun);
        }
        else if (answer.Outcome == Outcome.Unknown)
        {
            history.WriteUnknown(Name(key), whole);
        }
    }

    private static async Task ReadAllAsync(TestNode node, AcknowledgedHistory history)
    {
        for (int key = 0; key < Keys; key++)
        {
            long begun = history.Begin();
            Answer answer = await node.Http.GetAsync(Name(key));
            if (answer.Outcome == Outcome.Done)
            {
                history.ReadAnswered(Name(key), answer.Value, answer.ModRevision, answer.Revision, begun);
            }
        }
    }

    private static string Name(int key) => string.Create(CultureInfo.InvariantCulture, $"crash/{key}");
}
