using System.Globalization;
using RaftStore.Kv;
using RaftStore.Node.Divergence;

namespace RaftStore.Node.Codec;

/// <summary>State hashes on the wire: i64 index, u64 lower and u64 upper half of the hash, u32 its format, u8 whether an answer is wanted.</summary>
internal static class StateHashCodec
{
    private const int MessageBytes = 29;

    /// <summary>The frame of a report.</summary>
    public static PeerFrame Encode(Envelope envelope, StateHashReport report)
    {
        UInt128 hash = UInt128.Parse(report.State.Hash, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        FrameWriter writer = new(FrameKind.StateHash, envelope, MessageBytes);
        writer.Int64(report.State.Index);
        writer.UInt64((ulong)(hash & ulong.MaxValue));
        writer.UInt64((ulong)(hash >> 64));
        writer.UInt32(report.HashFormat);
        writer.Bool(report.WantsAnswer);
        return writer.Finish();
    }

    /// <summary>Reads what follows the envelope; null where it makes no sense.</summary>
    public static StateHashReport? Decode(Envelope envelope, ref FrameReader reader)
    {
        long index = reader.Number(1);
        ulong lower = reader.UInt64();
        ulong upper = reader.UInt64();
        uint format = reader.UInt32();
        bool wantsAnswer = reader.Bool();
        if (reader.IsBroken)
        {
            return null;
        }

        string hash = new UInt128(upper, lower).ToString("x32", CultureInfo.InvariantCulture);
        return new StateHashReport(envelope.From, envelope.To, envelope.Term, new StateHash(index, hash), format, wantsAnswer);
    }
}
