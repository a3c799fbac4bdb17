using System.Buffers;
using System.Reflection;
using System.Runtime.InteropServices;
using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Tests.Harness;

/// <summary>Makes a node's state another one, as no entry could.</summary>
internal static class Corruption
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    /// <summary>A revision that nobody made. The next entry, which is written too, shows it.</summary>
    public static void Corrupt(TestCluster cluster, TestNode node)
    {
        cluster.Run(500);
        object pass = typeof(Node).GetField("_pass", Hidden)!.GetValue(node.Node)!;
        object store = pass.GetType().GetProperty("Store", Hidden)!.GetValue(pass)!;
        object state = typeof(KvStore).GetField("_state", Hidden)!.GetValue(store)!;
        state.GetType().GetMethod("BeginRevision", Hidden)!.Invoke(state, []);
        cluster.Await(cluster.Write(cluster.Nodes.First(other => other.Status.Role == RaftRole.Leader), "corrupted", "x"));
    }

    /// <summary>One bit of the first key's value becomes another in memory, which no hash is told of.</summary>
    public static void FlipBit(TestNode node)
    {
        KvView view = node.Node.View;
        KvItem item = view.List(KeyRange.From(default), view.Revision, 1, long.MaxValue, reverse: false).Items[0];
        MemoryMarshal.AsMemory(item.Value).Span[^1] ^= 0x20;
    }

    /// <summary>One bit of the last value in a snapshot file becomes another, and the checksums of the file are made for it.</summary>
    /// <returns>The file as it was.</returns>
    public static byte[] FlipBitOfSnapshot(MemoryFileSystem disk, string path)
    {
        byte[] whole;
        using (IFile file = disk.Open(path, FileOpenMode.Read))
        {
            whole = new byte[file.LengthBytes];
            file.Read(0, whole);
        }

        SnapshotStore store = SnapshotStore.OpenUnchanged(disk, path[..path.LastIndexOf('/')], TestCluster.ClusterId);
        SnapshotFile snapshot = store.Latest!;
        ArrayBufferWriter<byte> content = new();
        using (SnapshotFileReader reader = store.OpenContent(snapshot))
        {
            for (ReadOnlyMemory<byte> block = reader.ReadBlock(); !block.IsEmpty; block = reader.ReadBlock())
            {
                content.Write(block.Span);
            }
        }

        byte[] altered = content.WrittenSpan.ToArray();
        altered[^1] ^= 0x20;
        ArrayBufferWriter<byte> rewritten = new();
        using SnapshotEncoder encoder = new(TestCluster.ClusterId, snapshot.Metadata, bytes => rewritten.Write(bytes));
        encoder.Write(altered);
        encoder.Complete();
        Overwrite(disk, path, rewritten.WrittenSpan);
        return whole;
    }

    /// <summary>One bit of a file becomes another, as on a disk that rots.</summary>
    public static void FlipBitAt(MemoryFileSystem disk, string path, long offsetBytes)
    {
        byte[] one = new byte[1];
        using IFile file = disk.Open(path, FileOpenMode.ReadWrite);
        file.Read(offsetBytes, one);
        one[0] ^= 0x20;
        file.Write(offsetBytes, one);
    }

    /// <summary>Other bytes in the place of a file's, for those too who have it open.</summary>
    public static void Overwrite(MemoryFileSystem disk, string path, ReadOnlySpan<byte> bytes)
    {
        using IFile file = disk.Open(path, FileOpenMode.ReadWrite);
        file.Write(0, bytes);
    }

    /// <summary>Corrupts a node and waits until it has found out and has written it down.</summary>
    public static void Quarantine(TestCluster cluster, TestNode node)
    {
        Corrupt(cluster, node);
        cluster.RunUntil(() => node.Status.Divergence is not null, "the wrong node is quarantined", limitMs: 10_000);
        cluster.RunUntil(() => IsMarked(node), "the quarantine is written down", limitMs: 10_000);
    }

    /// <summary>Whether its next start finds the mark.</summary>
    public static bool IsMarked(TestNode node) => node.Disk.FileExists("data/quarantine.json");
}
