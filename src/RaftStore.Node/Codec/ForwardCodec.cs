using RaftStore.Kv;
using RaftStore.Node.Forwarding;
using RaftStore.Node.Waiters;
using RaftStore.Raft;

namespace RaftStore.Node.Codec;

/// <summary>Forwarded commands and their results on the wire: many in a frame.</summary>
internal static class ForwardCodec
{
    /// <summary>A frame is closed before it grows past this; a larger command or result travels alone.</summary>
    public const int FrameBytes = 256 << 10;

    /// <summary>The longest command that fits into a batch and so into the log.</summary>
    public const int CommandBytesMax = EntryBatch.LengthBytesMax - EntryBatch.HeaderBytes - EntryBatch.EntryHeaderBytes;

    private const int CommandHeaderBytes = 16;
    private const int ResultHeaderBytes = 13;

    /// <summary>Bytes that a command takes in a frame.</summary>
    public static int BytesOf(ReadOnlyMemory<byte> command) => CommandHeaderBytes + command.Length;

    /// <summary>Bytes that a result takes in a frame.</summary>
    public static int BytesOf(in ForwardedResult result) => ResultHeaderBytes + (result.Outcome == ForwardOutcome.Applied ? result.Result.EncodedBytes : 0);

    /// <summary>The frame of some writes; the first one's id is <paramref name="firstId"/>, and those that follow have the next ones.</summary>
    public static PeerFrame Encode(Envelope envelope, IReadOnlyList<WriteWaiter> writes, ulong firstId, long nowMs)
    {
        int length = 0;
        foreach (WriteWaiter write in writes)
        {
            length += BytesOf(write.Command);
        }

        FrameWriter writer = new(FrameKind.ForwardRequest, envelope, sizeof(uint) + length);
        writer.UInt32((uint)writes.Count);
        for (int i = 0; i < writes.Count; i++)
        {
            WriteWaiter write = writes[i];
            writer.UInt64(firstId + (ulong)i);
            writer.UInt32((uint)Math.Clamp(write.DeadlineMs - nowMs, 1, int.MaxValue));
            writer.UInt32((uint)write.Command.Length);
            write.Command.Span.CopyTo(writer.Reserve(write.Command.Length));
        }

        return writer.Finish();
    }

    /// <summary>The frame of some results.</summary>
    public static PeerFrame Encode(Envelope envelope, ReadOnlySpan<ForwardedResult> results)
    {
        int length = 0;
        foreach (ref readonly ForwardedResult result in results)
        {
            length += BytesOf(result);
        }

        FrameWriter writer = new(FrameKind.ForwardResponse, envelope, sizeof(uint) + length);
        writer.UInt32((uint)results.Length);
        foreach (ref readonly ForwardedResult result in results)
        {
            int bytes = BytesOf(result) - ResultHeaderBytes;
            writer.UInt64(result.Id);
            writer.Byte((byte)result.Outcome);
            writer.UInt32((uint)bytes);
            if (bytes > 0)
            {
                result.Result.Write(writer.Reserve(bytes));
            }
        }

        return writer.Finish();
    }

    /// <summary>Reads what follows the envelope; null where it makes no sense.</summary>
    public static ForwardRequest? DecodeRequest(Envelope envelope, ref FrameReader reader)
    {
        uint count = reader.UInt32();
        if (count == 0 || count > (uint)(reader.Remaining / CommandHeaderBytes))
        {
            return null;
        }

        ForwardedCommand[] commands = new ForwardedCommand[count];
        for (int i = 0; i < commands.Length; i++)
        {
            ulong id = reader.UInt64();
            uint timeoutMs = reader.UInt32();
            ReadOnlyMemory<byte> command = reader.Bytes(reader.UInt32());
            if (command.IsEmpty || command.Length > CommandBytesMax || timeoutMs > int.MaxValue)
            {
                return null;
            }

            commands[i] = new ForwardedCommand(id, timeoutMs, command);
        }

        return reader.IsComplete ? new ForwardRequest(envelope.From, envelope.To, envelope.Term, commands) : null;
    }

    /// <summary>Reads what follows the envelope; null where it makes no sense.</summary>
    public static ForwardResponse? DecodeResponse(Envelope envelope, ref FrameReader reader)
    {
        uint count = reader.UInt32();
        if (count == 0 || count > (uint)(reader.Remaining / ResultHeaderBytes))
        {
            return null;
        }

        ForwardedResult[] results = new ForwardedResult[count];
        for (int i = 0; i < results.Length; i++)
        {
            ulong id = reader.UInt64();
            ForwardOutcome outcome = (ForwardOutcome)reader.Byte();
            ReadOnlyMemory<byte> bytes = reader.Bytes(reader.UInt32());
            KvResult result = default;
            bool sane = outcome == ForwardOutcome.Applied ? KvResult.TryRead(bytes.Span, out result) : outcome <= ForwardOutcome.LowOnMemory && bytes.IsEmpty;
            if (reader.IsBroken || !sane)
            {
                return null;
            }

            results[i] = new ForwardedResult(id, outcome, result);
        }

        return reader.IsComplete ? new ForwardResponse(envelope.From, envelope.To, envelope.Term, results) : null;
    }
}
