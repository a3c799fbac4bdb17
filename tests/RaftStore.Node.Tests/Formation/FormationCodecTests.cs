using RaftStore.Node.Formation;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Formation;

public sealed class FormationCodecTests
{
    private static readonly FormationStatus Sample = new()
    {
        From = "n1",
        To = "n2",
        Incarnation = 0x0102030405060708,
        Sequence = 3,
        Challenge = 4,
        Echo = ulong.MaxValue,
        Founders = FoundingList.Create([("n2", "b:2"), ("n1", "a:1")]),
        Cluster = new ClusterId(9),
        IsFormed = true,
        Met = ["n2"],
    };

    [Fact]
    public void Codec_Status_ComesBackAsItWas()
    {
        FormationStatus? read = FormationCodec.TryDecode(FormationCodec.Encode(Sample), out string? error);

        Assert.Null(error);
        Assert.Equal(Sample with { Founders = read!.Founders, Met = read.Met }, read);
        Assert.Equal(Sample.Founders.Voters.AsEnumerable(), read.Founders.Voters.AsEnumerable());
        Assert.Equal(Sample.Met.AsEnumerable(), read.Met.AsEnumerable());
    }

    [Fact]
    public void Codec_WireBytes_AreTheReleasedOnes() =>
        Assert.Equal(
            "0A026E3112026E321908070605040302012003290400000000000000"
            + "31FFFFFFFFFFFFFFFF3A090A026E311203613A313A090A026E321203623A3241090000000000000048015202" + "6E32",
            Convert.ToHexString(FormationCodec.Encode(Sample)));

    [Fact]
    public void Codec_AnyPrefixOrAnyFlippedByte_IsRefusedOrRead_NeverThrown()
    {
        byte[] bytes = FormationCodec.Encode(Sample);
        int refused = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] flipped = (byte[])bytes.Clone();
            flipped[i] ^= 0xFF;
            refused += FormationCodec.TryDecode(flipped, out _) is null ? 1 : 0;
            refused += FormationCodec.TryDecode(bytes.AsSpan(0, i), out _) is null ? 1 : 0;
        }

        Assert.True(refused > bytes.Length / 2, $"only {refused} of {2 * bytes.Length} damaged messages were refused");
    }

    [Fact]
    public void Codec_TooManyFoundersOrTooLongNames_AreRefused()
    {
        FormationStatus crowd = Sample with { Founders = FoundingList.Create(Enumerable.Range(0, FormationCodec.FoundersMax + 1).Select(i => ($"n{i:00}", "a:1"))) };
        FormationStatus longName = Sample with { From = new string('x', FormationCodec.NameLengthMax + 1) };
        FormationStatus noCluster = Sample with { Cluster = ClusterId.None };

        foreach (FormationStatus status in new[] { crowd, longName, noCluster })
        {
            Assert.Null(FormationCodec.TryDecode(FormationCodec.Encode(status), out string? error));
            Assert.NotNull(error);
        }
    }

    [Fact]
    public void Codec_LargestStatus_FitsTheLimit()
    {
        string Name(int i) => $"{i:00}".PadRight(FormationCodec.NameLengthMax, 'x');
        FormationStatus largest = Sample with
        {
            From = Name(0),
            To = Name(1),
            Founders = FoundingList.Create(Enumerable.Range(0, FormationCodec.FoundersMax).Select(i => (Name(i), new string('y', FormationCodec.AddressLengthMax)))),
            Met = [.. Enumerable.Range(0, FormationCodec.FoundersMax).Select(Name)],
        };

        byte[] bytes = FormationCodec.Encode(largest);
        Assert.InRange(bytes.Length, 1, FormationCodec.LengthBytesMax / 2);
        Assert.NotNull(FormationCodec.TryDecode(bytes, out _));
    }
}
