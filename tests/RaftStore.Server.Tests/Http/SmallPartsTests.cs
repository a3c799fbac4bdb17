using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RaftStore.Kv;
using RaftStore.Server.Http;

namespace RaftStore.Server.Tests.Http;

public sealed class SmallPartsTests
{
    [Theory]
    [InlineData("application/json", true)]
    [InlineData("text/html , Application/JSON ; q=0.1", true)]
    [InlineData("application/json;q=1.0", true)]
    [InlineData("application/json;charset=utf-8", true)]
    [InlineData("application/json;q=0", false)]
    [InlineData("application/json; q=0.000", false)]
    [InlineData("application/jsonx", false)]
    [InlineData("*/*", false)]
    [InlineData("", false)]
    public void Accept_NamesTheType(string accept, bool expected) => Assert.Equal(expected, MediaTypes.Accepts(accept, MediaTypes.Json));

    [Fact]
    public void Budget_Full_GivesNoMoreUntilReleased()
    {
        ValueBudget budget = new(100);

        Assert.True(budget.TryReserve(60));
        Assert.False(budget.TryReserve(41));
        Assert.True(budget.TryReserve(40));
        budget.Release(100);
        Assert.Equal(0, budget.Bytes);
    }

    [Fact]
    public void ValueBuffer_InPieces_HoldsTheCommandThatAWholePutHas()
    {
        byte[] key = "key"u8.ToArray();
        byte[] value = new byte[300_000];
        new Random(3).NextBytes(value);
        ValueBudget budget = new(long.MaxValue);
        ValueBuffer buffer = new(budget);
        buffer.Begin(key.Length, expectedBytes: null);
        for (int place = 0; place < value.Length; place += 7000)
        {
            Assert.True(buffer.TryAppend(new ReadOnlySequence<byte>(value, place, Math.Min(7000, value.Length - place))));
        }

        KvCondition condition = new(KvConditionKind.ModRevisionIs, 77);
        Assert.Equal(KvCommand.Put(key, value, condition, wantsPrevious: true), buffer.Complete(key, condition, wantsPrevious: true).ToArray());
        Assert.True(budget.Bytes >= value.Length);
        buffer.End();
        buffer.End();
        Assert.Equal(0, budget.Bytes);
    }

    [Fact]
    public void ValueBuffer_WithoutBudget_TakesNoMore()
    {
        ValueBuffer buffer = new(new ValueBudget(1000));
        buffer.Begin(1, expectedBytes: 1 << 20);

        Assert.True(buffer.TryAppend(new ReadOnlySequence<byte>(new byte[60_000])));
        Assert.False(buffer.TryAppend(new ReadOnlySequence<byte>(new byte[600_000])));
        buffer.End();
    }

    [Fact]
    public async Task LongString_OfEveryLength_IsTheSameTextInJson()
    {
        string text = string.Concat(Enumerable.Range(0, 60_000).Select(number => (number % 5) switch { 0 => "€", 1 => "🙂", 2 => "\"", 3 => "\u0007", _ => "z" }));
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        foreach (int cut in new[] { 0, 1, 2, 3, 1023, 1024, 1025, 49_151, 49_152, 49_153, 100_000 })
        {
            int length = cut;
            while (length > 0 && (utf8[length] & 0xC0) == 0x80)
            {
                length--;
            }

            Assert.Equal(Encoding.UTF8.GetString(utf8, 0, length), JsonSerializer.Deserialize<string>(await WriteAsync(utf8.AsMemory(0, length), asUtf8: true)));
            Assert.Equal(utf8.AsSpan(0, cut).ToArray(), Convert.FromBase64String(JsonSerializer.Deserialize<string>(await WriteAsync(utf8.AsMemory(0, cut), asUtf8: false))!));
        }
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    public void ShortJson_Numbers_AreWritten(long number)
    {
        ShortJson json = default;
        json.Append("["u8);
        json.Append(number);
        json.Append("]"u8);

        Assert.Equal($"[{number}]", Encoding.ASCII.GetString(json.Written));
    }

    [Fact]
    public void EntityTag_OnRead_MatchesByRevision()
    {
        IHeaderDictionary headers = new HeaderDictionary { ["If-Match"] = " \"7\" ", ["If-None-Match"] = "*" };

        Assert.Null(EntityTags.TryParse("If-Match", headers.IfMatch, out EntityTag seven));
        Assert.Null(EntityTags.TryParse("If-None-Match", headers.IfNoneMatch, out EntityTag any));
        Assert.Equal((true, false, true, false), (seven.Matches(7), seven.Matches(0), any.Matches(7), any.Matches(0)));
        Assert.Equal(ProblemType.InvalidCondition, EntityTags.TryParse("If-Match", new[] { "\"1\"", "\"2\"" }, out _)?.Type);
    }

    private static async Task<byte[]> WriteAsync(ReadOnlyMemory<byte> bytes, bool asUtf8)
    {
        MemoryStream stream = new();
        PipeWriter writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        Assert.True(await writer.WriteLongStringAsync(bytes, asUtf8));
        await writer.CompleteAsync();
        return stream.ToArray();
    }
}
