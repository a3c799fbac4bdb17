using System.Buffers.Binary;
using System.Security.Cryptography;
using RaftStore.Raft;

namespace RaftStore.Storage.Tests.Fuzzing;

/// <summary>Gives changed files the checksums that they ought to have, as far as their lengths still say where those stand.</summary>
internal static class Seals
{
    /// <summary>A segment of the log: its header, and the chain of its records.</summary>
    internal static byte[] Segment(byte[] bytes)
    {
        byte[] sealedBytes = [.. bytes];
        if (bytes.Length < SegmentHeader.Bytes)
        {
            return sealedBytes;
        }

        uint chain = Seal(sealedBytes.AsSpan(0, SegmentHeader.Bytes));
        for (long offset = SegmentHeader.Bytes; offset + RecordHeader.Bytes <= sealedBytes.Length;)
        {
            Span<byte> record = sealedBytes.AsSpan((int)offset);
            uint bodyBytes = BinaryPrimitives.ReadUInt32LittleEndian(record[32..]);
            if (bodyBytes == 0 || RecordHeader.Bytes + (long)bodyBytes > record.Length)
            {
                break;
            }

            Span<byte> body = record.Slice(RecordHeader.Bytes, (int)bodyBytes);
            bool isBatch = record[24] == (byte)RecordKind.Batch && bodyBytes > sizeof(uint);
            BinaryPrimitives.WriteUInt32LittleEndian(record[4..], chain);
            BinaryPrimitives.WriteUInt32LittleEndian(record[36..], isBatch ? Seal(body) : Crc32C.Compute(body));
            chain = Seal(record[..RecordHeader.Bytes]);
            offset += RecordHeader.RecordBytes(bodyBytes);
        }

        return sealedBytes;
    }

    /// <summary>A file of two slots.</summary>
    internal static byte[] Slots(byte[] bytes)
    {
        const int SlotBytes = 64;
        byte[] sealedBytes = [.. bytes];
        foreach (int slot in new[] { 0, 4096 })
        {
            if (slot + SlotBytes <= sealedBytes.Length)
            {
                Seal(sealedBytes.AsSpan(slot, SlotBytes));
            }
        }

        return sealedBytes;
    }

    /// <summary>A snapshot file: header, blocks, trailer.</summary>
    internal static byte[] Snapshot(byte[] bytes)
    {
        byte[] sealedBytes = [.. bytes];
        long headerBytes = bytes.Length < 12 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8));
        int trailer = bytes.Length - SnapshotFormat.TrailerBytes;
        if (headerBytes < 16 || headerBytes > trailer)
        {
            return sealedBytes;
        }

        int offset = (int)headerBytes;
        uint chain = Crc32C.Compute(sealedBytes.AsSpan(0, offset - sizeof(uint)));
        BinaryPrimitives.WriteUInt32LittleEndian(sealedBytes.AsSpan(offset - sizeof(uint)), chain);
        while (offset + SnapshotFormat.BlockHeaderBytes < trailer)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(sealedBytes.AsSpan(offset));
            if (length == 0 || length > trailer - offset - SnapshotFormat.BlockHeaderBytes)
            {
                break;
            }

            chain = SnapshotFormat.BlockCrc(chain, sealedBytes.AsSpan(offset + SnapshotFormat.BlockHeaderBytes, (int)length));
            BinaryPrimitives.WriteUInt32LittleEndian(sealedBytes.AsSpan(offset + sizeof(uint)), chain);
            offset += SnapshotFormat.BlockHeaderBytes + (int)length;
        }

        SHA256.HashData(sealedBytes.AsSpan(0, trailer), sealedBytes.AsSpan(trailer + 24));
        BinaryPrimitives.WriteUInt32LittleEndian(sealedBytes.AsSpan(trailer + 4), Crc32C.Compute(sealedBytes.AsSpan(trailer + 8)));
        return sealedBytes;
    }

    /// <summary>Writes the checksum of what follows the first four bytes into them.</summary>
    private static uint Seal(Span<byte> bytes)
    {
        uint crc = Crc32C.Compute(bytes[sizeof(uint)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, crc);
        return crc;
    }
}
