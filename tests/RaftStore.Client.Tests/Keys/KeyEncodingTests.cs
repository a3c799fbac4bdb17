using System.Buffers.Text;
using System.Text;
using RaftStore.Client.Keys;

namespace RaftStore.Client.Tests.Keys;

public sealed class KeyEncodingTests
{
    [Theory]
    [InlineData("greeting", "/v1/kv/greeting")]
    [InlineData("a/b/c", "/v1/kv/a/b/c")]
    [InlineData("a b", "/v1/kv/a%20b")]
    [InlineData("a%2Fb", "/v1/kv/a%252Fb")]
    [InlineData("a?b#c&d=e+f", "/v1/kv/a%3Fb%23c%26d%3De%2Bf")]
    [InlineData("grüße", "/v1/kv/gr%C3%BC%C3%9Fe")]
    [InlineData("...", "/v1/kv/...")]
    [InlineData("a/.hidden", "/v1/kv/a/.hidden")]
    [InlineData(".", "/v1/kv?key64=Lg")]
    [InlineData("..", "/v1/kv?key64=Li4")]
    [InlineData("a/../b", "/v1/kv?key64=YS8uLi9i")]
    [InlineData("a/.", "/v1/kv?key64=YS8u")]
    [InlineData("/a", "/v1/kv?key64=L2E")]
    [InlineData("a/", "/v1/kv?key64=YS8")]
    [InlineData("a//b", "/v1/kv?key64=YS8vYg")]
    [InlineData("/", "/v1/kv?key64=Lw")]
    [InlineData("a\0b", "/v1/kv?key64=YQBi")]
    [InlineData("a\nb", "/v1/kv?key64=YQpi")]
    [InlineData("a\\b", "/v1/kv?key64=YVxi")]
    public void Target_Key_TakesThePlainFormOnlyWhereItSurvives(string key, string expected) =>
        Assert.Equal(expected, KeyEncoding.Target(Encoding.UTF8.GetBytes(key)));

    [Fact]
    public void Target_BytesThatAreNotUtf8_TakeKey64() => Assert.Equal("/v1/kv?key64=_w", KeyEncoding.Target([0xFF]));

    [Fact]
    public void Target_EmptyKey_IsRefused() => Assert.Throws<ArgumentException>(() => KeyEncoding.Target([]));

    [Fact]
    public void Target_RandomBytes_ComeBackAsTheSameKey()
    {
        var random = new Random(42);
        byte[] nasty = "./%\\?#+& a\0\n~é"u8.ToArray();
        for (int run = 0; run < 20_000; run++)
        {
            byte[] key = new byte[random.Next(1, 24)];
            random.NextBytes(key);
            if (run % 2 == 0)
            {
                for (int i = 0; i < key.Length; i++)
                {
                    key[i] = nasty[key[i] % nasty.Length];
                }
            }

            string target = KeyEncoding.Target(key);
            Assert.Equal(key, DecodeAsTheContractSays(target));

            // Whatever folds and normalises URLs on the way must leave it alone, too.
            Assert.Equal(key, DecodeAsTheContractSays(new Uri("http://h" + target).PathAndQuery));
        }
    }

    [Fact]
    public void Target_LongestKey_FitsTheRequestLine()
    {
        byte[] key = new byte[4096];
        Array.Fill(key, (byte)' ');

        Assert.InRange(KeyEncoding.Target(key).Length, 4096, 32 * 1024 - 100);
    }

    [Theory]
    [InlineData("users/", "/v1/kv?prefix=users/")]
    [InlineData("a b", "/v1/kv?prefix=a%20b")]
    [InlineData("a+b", "/v1/kv?prefix=a%2Bb")]
    [InlineData("../", "/v1/kv?prefix64=Li4v")]
    [InlineData("/", "/v1/kv?prefix64=Lw")]
    [InlineData("", "/v1/kv")]
    public void Range_Prefix_TakesThePlainFormOnlyWhereItSurvives(string prefix, string expected) =>
        Assert.Equal(expected, RequestTarget.Of(KeyRange.Prefix(prefix)).ToString());

    [Fact]
    public void Range_Bounds_AreBothNamed() => Assert.Equal(
        "/v1/kv?start=a&end64=_w&limit=5",
        RequestTarget.Of(KeyRange.Between("a"u8.ToArray(), new byte[] { 0xFF })).Add("limit", "5").ToString());

    /// <summary>The contract: the rest of the raw target up to '?', percent-decoded exactly once; or key64.</summary>
    private static byte[] DecodeAsTheContractSays(string target)
    {
        const string Key64 = "/v1/kv?key64=";
        if (target.StartsWith(Key64, StringComparison.Ordinal))
        {
            return Base64Url.DecodeFromChars(target.AsSpan(Key64.Length));
        }

        Assert.StartsWith("/v1/kv/", target, StringComparison.Ordinal);
        string rest = target["/v1/kv/".Length..];
        Assert.DoesNotContain('?', rest);
        var bytes = new List<byte>();
        for (int i = 0; i < rest.Length; i++)
        {
            if (rest[i] == '%')
            {
                bytes.Add(Convert.FromHexString(rest.AsSpan(i + 1, 2))[0]);
                i += 2;
            }
            else
            {
                bytes.Add(checked((byte)rest[i]));
            }
        }

        return [.. bytes];
    }
}
