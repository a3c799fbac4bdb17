using RaftStore.Kv.Tests.Support;

namespace RaftStore.Kv.Tests.Commands;

public sealed class KvResultTests
{
    private static readonly KvItem Item = new("key"u8.ToArray(), "value"u8.ToArray(), CreateRevision: 3, ModRevision: 5, Version: 2, Lease: 0);

    private static readonly KvResult[] Samples =
    [
        new KvResult(KvStatus.Done, 0x0102030405060708, 9, 0, null),
        new KvResult(KvStatus.ConditionFailed, 5, 0, 0, Item),
        new KvResult(KvStatus.Done, 6, 0, 10_000, Item with { Value = default }),
        new KvResult(KvStatus.TooLarge, 0, 0, 0, null),
        new KvResult(KvStatus.AlreadyCompacted, 9, 0, 0, null),
        new KvResult(KvStatus.FutureRevision, 9, 0, 0, null),
    ];

    public static TheoryData<int> SampleNumbers => [.. Enumerable.Range(0, Samples.Length)];

    [Fact]
    public void Write_Results_HaveTheDrawnBytes()
    {
        Assert.Equal(
            "01000000" + "00000000" + "0807060504030201" + "0900000000000000" + "0000000000000000",
            Convert.ToHexString(Encode(Samples[0])));
        Assert.Equal(
            "01010100" + "00000000" + "0500000000000000" + "0000000000000000" + "0000000000000000"
            + "03000000" + "05000000" + "0300000000000000" + "0500000000000000" + "0200000000000000" + "0000000000000000" + "6B6579" + "76616C7565",
            Convert.ToHexString(Encode(Samples[1])));
    }

    [Theory]
    [MemberData(nameof(SampleNumbers))]
    public void TryRead_WhatWriteWrote_IsTheResult(int number)
    {
        byte[] bytes = Encode(Samples[number]);
        Assert.True(KvResult.TryRead(bytes, out KvResult read));
        Assert.Equal(Samples[number] with { Previous = null }, read with { Previous = null });
        Assert.Equal(Samples[number].Previous is { } before ? Bytes.Describe(before) : null, read.Previous is { } after ? Bytes.Describe(after) : null);

        // The memory was copied: what becomes of the source is the caller's business.
        bytes.AsSpan().Fill(0xEE);
        Assert.Equal(Samples[number].Previous is { } item ? Bytes.Describe(item) : null, read.Previous is { } kept ? Bytes.Describe(kept) : null);
    }

    [Theory]
    [MemberData(nameof(SampleNumbers))]
    public void TryRead_CutAnywhereOrLonger_IsNoResult(int number)
    {
        byte[] bytes = Encode(Samples[number]);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.False(KvResult.TryRead(bytes.AsSpan(0, length), out _));
        }

        Assert.False(KvResult.TryRead([.. bytes, 0], out _));
    }

    [Theory]
    [MemberData(nameof(SampleNumbers))]
    public void TryRead_AnyByteChanged_IsNoResultOrAnotherOneWithTheseBytes(int number)
    {
        byte[] bytes = Encode(Samples[number]);
        for (int at = 0; at < bytes.Length; at++)
        {
            for (int change = 1; change < 256; change++)
            {
                byte[] changed = [.. bytes];
                changed[at] ^= (byte)change;
                if (KvResult.TryRead(changed, out KvResult read))
                {
                    Assert.Equal(changed, Encode(read));
                }
            }
        }
    }

    [Fact]
    public void TryRead_LengthsThatAreNotThere_AllocateNothing()
    {
        byte[] bytes = Encode(Samples[1]);
        bytes.AsSpan(32, 8).Fill(0xFF);
        Assert.False(KvResult.TryRead(bytes, out _));
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool read = KvResult.TryRead(bytes, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.False(read);
    }

    [Fact]
    public void Write_TargetTooShort_IsRefused() => Assert.Throws<ArgumentException>(() => Samples[1].Write(new byte[Samples[1].EncodedBytes - 1]));

    private static byte[] Encode(KvResult result)
    {
        byte[] bytes = new byte[result.EncodedBytes];
        bytes.AsSpan().Fill(0xCC);
        result.Write(bytes);
        return bytes;
    }
}
