using RaftStore.Kv.State;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Tests.State;

public sealed class Hash128Tests
{
    [Fact]
    public void Compute_AnyBitOfInput_ChangesAboutHalfOfTheBits()
    {
        ulong[] words = [1, 2, 3, 4, 5, 6, 7];
        byte[] bytes = [.. Enumerable.Range(0, 77).Select(i => (byte)i)];
        UInt128 expected = Hash128.Compute(words, bytes);
        Assert.Equal(expected, Hash128.Compute(words, bytes));
        List<UInt128> changed = [];
        for (int bit = 0; bit < words.Length * 64; bit++)
        {
            words[bit / 64] ^= 1UL << (bit % 64);
            changed.Add(Hash128.Compute(words, bytes));
            words[bit / 64] ^= 1UL << (bit % 64);
        }

        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            changed.Add(Hash128.Compute(words, bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.All(changed, hash => Assert.InRange((int)UInt128.PopCount(hash ^ expected), 30, 98));
        Assert.Equal(changed.Count, changed.Distinct().Count());
    }

    [Fact]
    public void Compute_EveryLengthOfZeros_DependsOnTheLengthGivenAsAWord()
    {
        List<UInt128> hashes = [.. Enumerable.Range(0, 130).Select(length => Hash128.Compute([(ulong)length], new byte[length]))];
        Assert.Equal(hashes.Count, hashes.Distinct().Count());
    }

    [Fact]
    public void Compute_FixedInput_IsWhatItAlwaysWas() =>
        Assert.Equal("0110b27b21881c9cbd807fff1b13765f", Hash128.Compute([1, ulong.MaxValue], "The quick brown fox jumps over the lazy dog"u8).ToString("x32"));

    [Fact]
    public void VersionSum_AnyFieldChanged_IsAnotherSum()
    {
        VersionStamp stamp = new(2, 5, 3, 0, 77);
        KeyVersion[] versions =
        [
            new("key"u8, "value"u8, stamp),
            new("keyv"u8, "alue"u8, stamp),
            new("key"u8, "valuf"u8, stamp),
            new("kez"u8, "value"u8, stamp),
            new("key"u8, "value"u8, stamp with { CreateRevision = 1 }),
            new("key"u8, "value"u8, stamp with { ModRevision = 6 }),
            new("key"u8, "value"u8, stamp with { Version = 4 }),
            new("key"u8, "value"u8, stamp with { Lease = 1 }),
            new("key"u8, "value"u8, stamp with { ClusterTimeMs = 78 }),
        ];
        Assert.Equal(versions.Length, versions.Select(Sum).Distinct().Count());
    }

    [Fact]
    public void VersionSum_AddedAndRemovedInAnyOrder_IsTheSumOfWhatIsLeft()
    {
        KeyVersion first = new("a"u8, "1"u8, new VersionStamp(1, 1, 1, 0, 0));
        KeyVersion second = new("b"u8, "2"u8, new VersionStamp(2, 2, 1, 0, 0));
        KeyVersion third = new("c"u8, [], new VersionStamp(0, 3, 0, 0, 0));
        VersionSum sum = default;
        sum.Add(third);
        sum.Add(first);
        sum.Add(second);
        sum.Remove(first);
        sum.Remove(third);
        Assert.Equal(Sum(second), sum.Value);
        sum.Remove(second);
        Assert.Equal(UInt128.Zero, sum.Value);
    }

    private static UInt128 Sum(KeyVersion version)
    {
        VersionSum sum = default;
        sum.Add(version);
        return sum.Value;
    }
}
