using System.Buffers.Binary;
using System.Text;

namespace RaftStore.Raft.Tests.Log;

public sealed class EntryBatchTests
{
    // The bytes are in every log, on every disk and on the wire: they may never change under the same format number.
    [Fact]
    public void Seal_GoldenBytes()
    {
        EntryBatch batch = EntryBatch.Seal(new EntryId(0x0102030405060708, 3), 1_000_000, EntryKind.Command, ["ab"u8.ToArray(), ReadOnlyMemory<byte>.Empty]);

        string hex = Convert.ToHexString(batch.Bytes.Span);
        Assert.Equal(
            "34000000" + "0100" + "0000" + "02000000" + "0807060504030201" + "0300000000000000" + "40420F0000000000"
            + "02000000" + "01" + "6162" + "00000000" + "01",
            hex[8..]);
        Assert.Equal(batch.Crc, Crc32C.Compute(batch.Bytes.Span[4..]));
        Assert.Equal(batch.Crc, BinaryPrimitives.ReadUInt32LittleEndian(batch.Bytes.Span));
    }

    // The check value of CRC-32C in every catalogue of checksums.
    [Fact]
    public void Crc32C_CheckString_HasTheCatalogueValue() => Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));

    [Fact]
    public void TryDecode_WhatWasSealed_GivesTheSameEntries()
    {
        EntryBatch sealedBatch = EntryBatch.Seal(new EntryId(10, 4), 77, EntryKind.Command, ["one"u8.ToArray(), "two"u8.ToArray()]);

        EntryBatch batch = EntryBatch.TryDecode(sealedBatch.Bytes, out string? error)!;

        Assert.Null(error);
        Assert.Equal((10L, 11L, 4L, 77L, 2), (batch.FirstIndex, batch.LastIndex, batch.Term, batch.ClusterTimeMs, batch.Count));
        var seen = new List<(EntryId, EntryKind, string)>();
        foreach (Entry entry in batch)
        {
            seen.Add((entry.Id, entry.Kind, Encoding.UTF8.GetString(entry.Payload)));
        }

        Assert.Equal([(new EntryId(10, 4), EntryKind.Command, "one"), (new EntryId(11, 4), EntryKind.Command, "two")], seen);
    }

    [Fact]
    public void TryDecode_CutAtEveryByte_Refused()
    {
        EntryBatch batch = EntryBatch.Seal(new EntryId(1, 1), 0, EntryKind.Command, ["payload"u8.ToArray()]);

        for (int length = 0; length < batch.LengthBytes; length++)
        {
            Assert.Null(EntryBatch.TryDecode(batch.Bytes[..length], out string? error));
            Assert.NotNull(error);
        }
    }

    [Fact]
    public void TryDecode_AnyBitFlipped_Refused()
    {
        EntryBatch batch = EntryBatch.Seal(new EntryId(1, 1), 0, EntryKind.Command, ["payload"u8.ToArray()]);

        for (int bit = 0; bit < batch.LengthBytes * 8; bit++)
        {
            byte[] bytes = batch.Bytes.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(EntryBatch.TryDecode(bytes, out _));
        }
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void TryCopy_Batch_IsKeptOnlyWhereItIsWanted(long wantedAfter, bool isKept)
    {
        EntryBatch sealedBatch = EntryBatch.Seal(new EntryId(10, 4), 77, EntryKind.Command, ["one"u8.ToArray(), "two"u8.ToArray()]);
        byte[] bytes = sealedBatch.Bytes.ToArray();

        Assert.True(EntryBatch.TryCopy(bytes, wantedAfter, out EntryRange range, out EntryBatch? batch));
        Array.Clear(bytes);

        Assert.Equal(sealedBatch.Range, range);
        Assert.Equal("[10..11]/4", range.ToString());
        Assert.Equal(isKept, batch is not null);
        Assert.True(batch is null || batch.Bytes.Span.SequenceEqual(sealedBatch.Bytes.Span));
        Assert.False(EntryBatch.TryCopy(bytes, wantedAfter, out _, out _));
    }

    // A right checksum over nonsense: the checks behind it hold alone.
    [Theory]
    [InlineData(8, 2)] // format
    [InlineData(10, 1)] // reserved
    [InlineData(12, 0)] // no entry
    [InlineData(12, 3)] // more entries than there are
    [InlineData(16, 0)] // index 0
    [InlineData(24, 0)] // term 0
    [InlineData(40, 99)] // payload past the end
    [InlineData(40, 1)] // payload shorter: bytes follow
    [InlineData(44, 9)] // kind
    public void TryDecode_NonsenseUnderARightChecksum_Refused(int offset, byte value)
    {
        byte[] bytes = EntryBatch.Seal(new EntryId(1, 1), 0, EntryKind.Command, ["payload"u8.ToArray()]).Bytes.ToArray();
        bytes[offset] = value;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Compute(bytes.AsSpan(4)));

        Assert.Null(EntryBatch.TryDecode(bytes, out string? error));
        Assert.NotNull(error);
    }

    // Catalogue 52.
    [Fact]
    public void TryDecode_LargestIndex_Refused()
    {
        byte[] bytes = EntryBatch.Seal(new EntryId(1, 1), 0, EntryKind.Command, ["payload"u8.ToArray()]).Bytes.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), long.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Compute(bytes.AsSpan(4)));

        Assert.Null(EntryBatch.TryDecode(bytes, out _));
        Assert.Equal(-1, EntryBatch.PeekLengthBytes([0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]));
    }
}
