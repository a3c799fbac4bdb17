using RaftStore.Raft.Tests.Cluster;

namespace RaftStore.Raft.Tests.Membership;

public sealed class ConfigurationCodecTests
{
    private static readonly Configuration Sample = new(
        [new Member(Driver.Node(1), "a", "h:1", "")],
        [],
        [new Member(Driver.Node(3), "ü", "h:3", "u") { Instance = 0x1122334455667788, PromotesItself = true, Replaces = Driver.Node(1) }],
        Driver.Node(7));

    [Fact]
    public void Encode_KnownConfiguration_GivesTheGoldenBytes()
        => Assert.Equal(
            "0100020007000000" + "01000000" + "01" + "00000000" + "0000000000000000" + "010061" + "0300683A31" + "0000"
            + "03000000" + "04" + "01000000" + "8877665544332211" + "0200C3BC" + "0300683A33" + "010075",
            Convert.ToHexString(ConfigurationCodec.Encode(Sample)));

    [Fact]
    public void TryDecode_CutAtEveryByteOrLongerByOne_IsNone()
    {
        byte[] bytes = ConfigurationCodec.Encode(Sample);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Null(ConfigurationCodec.TryDecode(bytes.AsSpan(0, length)));
        }

        Assert.Null(ConfigurationCodec.TryDecode([.. bytes, 0]));
    }

    [Fact]
    public void TryDecode_AnyByteChanged_IsNoneOrAnotherSoundConfiguration()
    {
        byte[] bytes = ConfigurationCodec.Encode(Sample);
        for (int place = 0; place < bytes.Length; place++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] changed = [.. bytes];
                changed[place] = (byte)value;
                if (ConfigurationCodec.TryDecode(changed) is { } read)
                {
                    Assert.Equal(changed, ConfigurationCodec.Encode(read));
                }
            }
        }
    }

    [Fact]
    public void Batch_WithAConfigurationAndSomethingElse_IsRefused()
    {
        ReadOnlyMemory<byte> payload = ConfigurationCodec.Encode(Sample);
        EntryBatch two = EntryBatch.Seal(new EntryId(1, 1), 0, EntryKind.Configuration, [payload, payload]);
        EntryBatch unreadable = EntryBatch.Seal(new EntryId(1, 1), 0, EntryKind.Configuration, [payload[1..]]);

        Assert.Null(EntryBatch.TryDecode(two.Bytes, out string? alone));
        Assert.Contains("alone", alone, StringComparison.Ordinal);
        Assert.Null(EntryBatch.TryDecode(unreadable.Bytes, out string? unread));
        Assert.Contains("cannot read", unread, StringComparison.Ordinal);
    }
}
