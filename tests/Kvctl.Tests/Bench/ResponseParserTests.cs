using System.Text;
using RaftStore.Kvctl.Bench;

namespace RaftStore.Kvctl.Tests.Bench;

public sealed class ResponseParserTests
{
    private static readonly Dictionary<string, (string Text, int Status, string Body, bool Closes)> Answers = new()
    {
        ["length"] = ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: x\r\n\r\nhello", 200, "hello", false),
        ["empty"] = ("HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", 200, "", false),
        ["no reason"] = ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", false),
        ["chunked"] = ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nC;x=y\r\n, and there \r\n0\r\n\r\n", 200, "hello, and there ", false),
        ["trailers"] = ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\n", 200, "a", false),
        ["no content"] = ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", false),
        ["not modified"] = ("HTTP/1.1 304 Not Modified\r\nETag: \"5\"\r\n\r\n", 304, "", false),
        ["interim"] = ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", 201, "ok", false),
        ["closes"] = ("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 25\r\n\r\n{\"outcome\":\"not-applied\"}", 503, "{\"outcome\":\"not-applied\"}", true),
    };

    public static TheoryData<string> Names => [.. Answers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Feed_CutAtEveryByte_IsTheSameAnswer(string name)
    {
        (string text, int status, string body, bool closes) = Answers[name];
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        var parser = new ResponseParser(capturesSuccess: true);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            parser.Reset();
            ParseProgress first = parser.Feed(bytes.AsSpan(0, cut));
            Assert.Equal(cut == bytes.Length ? ParseProgress.Complete : ParseProgress.NeedMore, first);
            Assert.Equal(ParseProgress.Complete, parser.Feed(bytes.AsSpan(cut)));
            Assert.Equal((status, body, closes), (parser.Status, Encoding.ASCII.GetString(parser.BodyFront), parser.Closes));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Feed_ByteByByte_IsTheSameAnswer(string name)
    {
        (string text, int status, string body, _) = Answers[name];
        var parser = new ResponseParser(capturesSuccess: true);
        for (int i = 0; i < text.Length; i++)
        {
            Assert.Equal(i == text.Length - 1 ? ParseProgress.Complete : ParseProgress.NeedMore, parser.Feed([(byte)text[i]]));
        }

        Assert.Equal((status, body), (parser.Status, Encoding.ASCII.GetString(parser.BodyFront)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Feed_BytesBehindTheAnswer_AreMalformed(string name) =>
        Assert.Equal(ParseProgress.Malformed, new ResponseParser().Feed(Encoding.ASCII.GetBytes(Answers[name].Text + "x")));

    [Theory]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n")]
    public void Feed_NoAnswerToOneRequest_IsMalformed(string text) =>
        Assert.Equal(ParseProgress.Malformed, new ResponseParser().Feed(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Feed_HeadWithoutEnd_IsMalformedAtItsLimit()
    {
        var parser = new ResponseParser();
        byte[] line = "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n"u8.ToArray();
        ParseProgress progress = parser.Feed("HTTP/1.1 200 OK\r\n"u8);
        for (int i = 0; i < 1000 && progress == ParseProgress.NeedMore; i++)
        {
            progress = parser.Feed(line);
        }

        Assert.Equal(ParseProgress.Malformed, progress);
    }

    [Fact]
    public void Feed_LargeBody_KeepsOnlyItsFrontAndOnlyOfErrors()
    {
        byte[] body = new byte[300_000];
        var parser = new ResponseParser();

        Assert.Equal(ParseProgress.NeedMore, parser.Feed("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"u8));
        Assert.Equal(ParseProgress.Complete, parser.Feed(body));
        Assert.Equal(0, parser.BodyFront.Length);

        parser.Reset();
        parser.Feed("HTTP/1.1 500 Error\r\nContent-Length: 300000\r\n\r\n"u8);
        Assert.Equal(ParseProgress.Complete, parser.Feed(body));
        Assert.Equal(1024, parser.BodyFront.Length);
    }

    [Fact]
    public void Feed_RandomBytes_NeverThrows()
    {
        var random = new Random(5);
        for (int run = 0; run < 20_000; run++)
        {
            byte[] bytes = Encoding.ASCII.GetBytes(Answers.Values.ElementAt(run % Answers.Count).Text);
            for (int i = 0; i < 3; i++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var parser = new ResponseParser(capturesSuccess: true);
            int cut = random.Next(bytes.Length);
            if (parser.Feed(bytes.AsSpan(0, cut)) == ParseProgress.NeedMore)
            {
                parser.Feed(bytes.AsSpan(cut));
            }
        }
    }
}
