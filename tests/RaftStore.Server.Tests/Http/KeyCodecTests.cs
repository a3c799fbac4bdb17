using System.Buffers.Text;
using System.Text;
using RaftStore.Server.Http;

namespace RaftStore.Server.Tests.Http;

public sealed class KeyCodecTests
{
    [Fact]
    public void Percent_EveryByte_RoundTripsInBothCases()
    {
        byte[] target = new byte[1];
        for (int value = 0; value < 256; value++)
        {
            foreach (string text in new[] { $"%{value:X2}", $"%{value:x2}" })
            {
                Assert.Equal(KeyDecoding.Done, KeyCodec.DecodePercent(text, plusIsSpace: false, target, out int length));
                Assert.Equal((1, (byte)value), (length, target[0]));
            }
        }
    }

    [Theory]
    [InlineData("%")]
    [InlineData("%4")]
    [InlineData("a%4g")]
    [InlineData("%g4")]
    [InlineData("%%41")]
    [InlineData("%+1")]
    public void Percent_WithoutTwoDigits_IsRefused(string text) =>
        Assert.Equal(KeyDecoding.BadPercent, KeyCodec.DecodePercent(text, plusIsSpace: false, new byte[16], out _));

    [Fact]
    public void Percent_Plus_IsASpaceInAQueryOnly()
    {
        byte[] target = new byte[3];
        KeyCodec.DecodePercent("a+b", plusIsSpace: true, target, out _);
        Assert.Equal("a b", Encoding.ASCII.GetString(target));
        KeyCodec.DecodePercent("a+b", plusIsSpace: false, target, out _);
        Assert.Equal("a+b", Encoding.ASCII.GetString(target));
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("%61%62%63")]
    public void Percent_OneByteTooMany_IsTooLong(string text)
    {
        Assert.Equal(KeyDecoding.TooLong, KeyCodec.DecodePercent(text, plusIsSpace: false, new byte[2], out _));
        Assert.Equal(KeyDecoding.Done, KeyCodec.DecodePercent(text, plusIsSpace: false, new byte[3], out _));
    }

    [Fact]
    public void Base64_RandomBytes_RoundTripWithAndWithoutPadding()
    {
        Random random = new(1);
        byte[] target = new byte[64];
        for (int length = 0; length <= 64; length++)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            string plain = Base64Url.EncodeToString(bytes);
            string padded = plain + new string('=', (4 - (plain.Length % 4)) % 4);
            foreach (string text in new[] { plain, padded, padded.Replace("=", "%3D", StringComparison.Ordinal) })
            {
                Assert.Equal(KeyDecoding.Done, KeyCodec.DecodeBase64(text, target, out int decoded));
                Assert.Equal(bytes, target.AsSpan(0, decoded));
            }
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("ab+/")]
    [InlineData("ab c")]
    [InlineData("ab\tcd")]
    [InlineData("=")]
    [InlineData("Y=Q=")]
    [InlineData("%41BCD")]
    [InlineData("YQ%3")]
    [InlineData("YQ%")]
    public void Base64_AnythingElse_IsRefused(string text) =>
        Assert.Equal(KeyDecoding.BadBase64, KeyCodec.DecodeBase64(text, new byte[16], out _));

    [Fact]
    public void Base64_LongerThanTheTarget_IsTooLong() =>
        Assert.Equal(KeyDecoding.TooLong, KeyCodec.DecodeBase64("YWJjZA", new byte[3], out _));
}
