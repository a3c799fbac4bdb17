using RaftStore.Cluster.Tests.Harness;
using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Cluster.Tests;

/// <summary>A real process whose state is not that of the others, as its disk has it.</summary>
public sealed class RepairTests
{
    [Fact]
    public async Task ANodeWhoseStateIsWrong_IsQuarantinedUntilAnOperatorHasItRepaired()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        IReadOnlyList<TestNode> followers = await cluster.FollowersAsync();
        (TestNode wrong, TestNode right) = (followers[0], followers[1]);
        for (int i = 0; i < 20; i++)
        {
            await cluster.PutAsync(right, $"k{i}", $"v{i}");
        }

        wrong.Kill();
        GiveAnotherState(wrong.DataPath, "k7", "never written");
        wrong.Start();
        await cluster.HoldsAsync("the wrong node is quarantined", async () => await PhaseAsync(wrong) == "quarantined");
        await cluster.HoldsAsync("it is written down", () => Task.FromResult(File.Exists(Path.Combine(wrong.DataPath, QuarantineMark.Name))));

        // A restart changes nothing, kill -9 or not.
        wrong.Kill();
        using (ServerProcess recovery = ServerProcess.Start(["recover", "--data", wrong.DataPath, "--dry-run"]))
        {
            Assert.Equal(0, await recovery.ExitCodeAsync());
            Assert.Contains("This node's state was found to be wrong", recovery.Output, StringComparison.Ordinal);
        }

        wrong.Start();
        await cluster.HoldsAsync("the wrong node has started", async () => await PhaseAsync(wrong) is not (null or "forming"));
        Assert.Equal("quarantined", await PhaseAsync(wrong));
        Assert.False(await wrong.Http.IsReadyAsync());
        Assert.Equal(503, (await wrong.Http.GetAsync("k7", "stale")).Status);
        Assert.Contains("still quarantined", wrong.Process.Output, StringComparison.Ordinal);
        Assert.Equal(0, await wrong.StopAsync());
        wrong.Start();
        await cluster.HoldsAsync("the wrong node has started", async () => await PhaseAsync(wrong) is not (null or "forming"));
        Assert.Equal("quarantined", await PhaseAsync(wrong));
        (int code, string output) = await ServerProcess.KvctlAsync("status", "--endpoints", right.ClientAddress);
        Assert.True(code == 6 && output.Contains($"kvctl member repair {wrong.Name}", StringComparison.Ordinal), $"{code}: {output}");

        (code, output) = await ServerProcess.KvctlAsync("member", "repair", wrong.Name, "--endpoints", right.ClientAddress);

        Assert.True(code == 0 && output.Contains($"{wrong.Name} serves again", StringComparison.Ordinal), $"{code}: {output}");
        await cluster.HoldsAsync("the repaired node is ready", wrong.Http.IsReadyAsync);
        Assert.Equal("v7", (await wrong.Http.GetAsync("k7")).Value);
        Assert.Equal("v7", (await wrong.Http.GetAsync("k7", "stale")).Value);
        await cluster.PutAsync(wrong, "k7", "after");
        wrong.Kill();
        wrong.Start();
        await cluster.HoldsAsync("the repaired node is ready again", wrong.Http.IsReadyAsync);
        Assert.Equal("after", (await wrong.Http.GetAsync("k7")).Value);
        (code, output) = await ServerProcess.KvctlAsync("member", "repair", wrong.Name, "--endpoints", right.ClientAddress);
        Assert.True(code == 3 && output.Contains("not quarantined", StringComparison.Ordinal), $"{code}: {output}");
        (code, output) = await ServerProcess.KvctlAsync("status", "--endpoints", right.ClientAddress);
        Assert.True(code == 0, output);
    }

    private static async Task<string?> PhaseAsync(TestNode node) => (await node.Http.JsonAsync("/v1/status"))?.GetProperty("phase").GetString();

    /// <summary>Leaves a snapshot in the directory that is sound in every checksum, and of a state in which that key got another value: what
    /// a defect in the state machine would make.</summary>
    private static void GiveAnotherState(string path, string key, string value)
    {
        PosixFileSystem files = new();
        using DataDirectory directory = DataDirectory.Open(files, path);
        NodeIdentity identity = directory.Identity!;
        RecoveredLog log = WriteAheadLog.Read(files, directory.WalPath, identity.Cluster, new WalOptions(), EntryId.Zero);
        KvStore store = new();
        EntryBatch last = log.Batches[0];
        foreach (EntryBatch batch in log.Batches.Where(batch => batch.LastIndex <= log.CommitIndex))
        {
            foreach (Entry entry in batch)
            {
                ReadOnlySpan<byte> command = entry.Kind == EntryKind.Command ? entry.Payload : default;
                bool isIt = command.IndexOf(System.Text.Encoding.UTF8.GetBytes(key)) >= 0;
                store.Apply(entry.Id.Index, batch.ClusterTimeMs, isIt ? KvCommand.Put(System.Text.Encoding.UTF8.GetBytes(key), System.Text.Encoding.UTF8.GetBytes(value)) : command);
            }

            last = batch;
        }

        store.Publish();
        SnapshotStore snapshots = SnapshotStore.Open(files, directory.SnapshotPath, identity.Cluster);
        using SnapshotFileWriter writer = snapshots.Create(new SnapshotMetadata(last.Last, last.ClusterTimeMs, identity.Founders, LengthBytes: 0));
        store.Current.WriteSnapshot(writer);
        writer.Commit();
    }
}
