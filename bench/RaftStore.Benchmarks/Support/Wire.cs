using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Benchmarks.Support;

/// <summary>Frames as a receiver gets them.</summary>
internal static class Wire
{
    /// <summary>The whole frame in memory of its own: one copy a receiver, as a socket's buffer is.</summary>
    public static ReadOnlyMemory<byte> Copy(PeerFrame frame)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(frame.LengthBytes);
        frame.Head.CopyTo(bytes);
        int at = frame.Head.Length;
        if (!frame.Batches.IsDefaultOrEmpty)
        {
            foreach (EntryBatch batch in frame.Batches)
            {
                batch.Bytes.CopyTo(bytes.AsMemory(at));
                at += batch.LengthBytes;
            }
        }

        return bytes;
    }
}
