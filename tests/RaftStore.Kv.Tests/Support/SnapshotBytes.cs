using System.Buffers;

namespace RaftStore.Kv.Tests.Support;

/// <summary>Snapshots in memory.</summary>
internal static class SnapshotBytes
{
    internal static byte[] Write(KvView view)
    {
        ArrayBufferWriter<byte> target = new();
        view.WriteSnapshot(target);
        return target.WrittenSpan.ToArray();
    }

    internal static KvStore Load(ReadOnlySpan<byte> bytes)
    {
        KvSnapshotLoader loader = new();
        loader.Add(bytes);
        return loader.Complete();
    }

    internal static void AssertSame(KvView expected, KvView actual)
    {
        Assert.Equal(expected.Summary, actual.Summary);
        Assert.Equal(expected.KeyCount, actual.KeyCount);
        for (long revision = expected.CompactedRevision; revision <= expected.Revision; revision++)
        {
            Assert.Equal(Items(expected, revision), Items(actual, revision));
        }

        static IEnumerable<string> Items(KvView view, long revision) =>
            view.List(KeyRange.From(default), revision, int.MaxValue, long.MaxValue, reverse: false).Items.Select(Bytes.Describe);
    }
}
