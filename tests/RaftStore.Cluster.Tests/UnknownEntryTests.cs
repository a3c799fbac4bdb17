using RaftStore.Cluster.Tests.Harness;
using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Cluster.Tests;

/// <summary>Committed entries that cannot be applied: a node that went on would have another state than those that can (exit code 5).</summary>
public sealed class UnknownEntryTests
{
    [Fact]
    public async Task ACommandOfANewerVersion_InTheLog_EndsTheNodeAtEachStartAndIsNotSkipped()
    {
        using TestCluster cluster = await TestCluster.StartAsync(1);
        TestNode node = cluster.Nodes[0];
        await cluster.PutAsync(node, "before", "v");
        Assert.Equal(0, await node.StopAsync());
        long place = AppendTo(node.DataPath, [0xEE, 0xEE, 0xEE, 0xEE], clusterTimeMs: null);

        for (int start = 0; start < 2; start++)
        {
            node.Start();
            Assert.Equal(5, await node.Process.ExitCodeAsync(TimeSpan.FromMinutes(2)));
            string lastLine = LastLine(node);
            Assert.Contains($"Entry {place} cannot be applied", lastLine, StringComparison.Ordinal);
            Assert.Contains("newer version", lastLine, StringComparison.Ordinal);
        }

        Assert.Contains("EE-EE-EE-EE", Entries(node.DataPath));
    }

    [Fact]
    public async Task AnExceptionWhileApplying_EndsTheNodeAtEachStart()
    {
        using TestCluster cluster = await TestCluster.StartAsync(1);
        TestNode node = cluster.Nodes[0];
        await cluster.PutAsync(node, "before", "v");
        Assert.Equal(0, await node.StopAsync());

        // Cluster time goes back: the state machine takes that for a broken rule, and throws in the midst of applying.
        AppendTo(node.DataPath, KvCommand.Put("k"u8, "v"u8), clusterTimeMs: 0);

        for (int start = 0; start < 2; start++)
        {
            node.Start();
            Assert.Equal(5, await node.Process.ExitCodeAsync(TimeSpan.FromMinutes(2)));
            Assert.Contains("time", LastLine(node), StringComparison.Ordinal);
        }
    }

    private static string LastLine(TestNode node) => node.Process.Output.TrimEnd().Split('\n')[^1];

    /// <summary>Leaves one more entry in the log, as the node itself would have written it.</summary>
    /// <param name="clusterTimeMs">Of its batch; null for that of the one before.</param>
    /// <returns>Its index.</returns>
    private static long AppendTo(string path, byte[] command, long? clusterTimeMs)
    {
        PosixFileSystem files = new();
        using DataDirectory directory = DataDirectory.Open(files, path);
        using WriteAheadLog log = WriteAheadLog.Open(files, directory.WalPath, directory.Identity!.Cluster, new WalOptions(), EntryId.Zero, out RecoveredLog found);
        EntryBatch last = found.Batches[^1];
        EntryBatch batch = EntryBatch.Seal(new EntryId(last.LastIndex + 1, last.Term), clusterTimeMs ?? last.ClusterTimeMs, EntryKind.Command, [command]);
        log.Append(new PersistRequest { Token = new BatchToken(1), Batches = [batch], CommitIndex = batch.LastIndex });
        log.Sync();
        return batch.LastIndex;
    }

    private static List<string> Entries(string path)
    {
        PosixFileSystem files = new();
        using DataDirectory directory = DataDirectory.Open(files, path);
        RecoveredLog found = WriteAheadLog.Read(files, directory.WalPath, directory.Identity!.Cluster, new WalOptions(), EntryId.Zero);
        List<string> entries = [];
        foreach (EntryBatch batch in found.Batches)
        {
            foreach (Entry entry in batch)
            {
                entries.Add(BitConverter.ToString(entry.Payload.ToArray()));
            }
        }

        return entries;
    }
}
