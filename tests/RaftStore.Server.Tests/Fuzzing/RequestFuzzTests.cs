using System.Text;
using Microsoft.AspNetCore.Http;
using Google.Protobuf;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Node.Codec;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Raft.Tests.Fuzzing;
using RaftStore.Server.Discovery;
using RaftStore.Server.Faults;
using RaftStore.Server.Http;
using RaftStore.Server.Peers;

namespace RaftStore.Server.Tests.Fuzzing;

/// <summary>What strangers send: requests, bodies, cursors, answers of name servers, bytes on the peer port.</summary>
[Trait("Category", "Fuzz")]
public sealed class RequestFuzzTests
{
    [Fact]
    public void Bodies_WhateverTheBytes_AreReadOrRefused()
    {
        byte[][] samples =
        [
            """{"name":"n4","peer":"127.0.0.1:7504","client":"http://127.0.0.1:7404","promote":false,"instance":"00112233445566aa"}"""u8.ToArray(),
            """{"to":"n2"}"""u8.ToArray(),
            """{"historyAge":"90s","keyBytesMax":8,"quotaBytes":1073741824}"""u8.ToArray(),
            """{"to":["n2"],"from":["n3","n2"],"drop":true,"delayMs":5,"stallLogMs":7,"tickFactor":1.5}"""u8.ToArray(),
        ];
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            41,
            samples,
            bytes => string.Join(
                " | ",
                MemberRequest.Parse(bytes, out _)?.Detail ?? "a member",
                SettingsJson.Parse(bytes, out _)?.Detail ?? "settings",
                FaultsJson.Parse(bytes, out _)?.Detail ?? "faults"),
            allocatedBytesMax: 256 << 10).Run();

        Assert.True(places.Count >= 20, string.Join('\n', places));
    }

    [Fact]
    public void Targets_WhateverTheBytes_AreParsedOrRefused()
    {
        byte[][] samples =
        [
            "/v1/kv/some%2Fkey?if_revision=3&prev=true"u8.ToArray(),
            "/v1/kv?prefix=a&limit=10&keys_only=true&reverse=true&revision=7&consistency=stale&max_staleness=5s"u8.ToArray(),
            "/v1/kv?key64=AAEC&min_revision=9"u8.ToArray(),
            "http://host/v1/kv?start64=AA&end64=_w&cursor=abc&count_only=true"u8.ToArray(),
        ];
        HeaderDictionary headers = new();
        KvRequest request = new(new ValueBudget(1 << 20));
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            42,
            samples,
            bytes =>
            {
                RequestTarget target = RequestTarget.Parse(Encoding.Latin1.GetString(bytes));
                bool hasDots = RequestTarget.HasDotSegment(target.Path);
                if (target.Route is not (ApiRoute.Key or ApiRoute.Range))
                {
                    return $"{target.Route} {hasDots}";
                }

                request.Reset();
                Problem? problem = KvRequestParser.Parse(target, headers, request);
                return $"{problem?.Detail ?? $"parsed {hasDots}"} | {target.Route} {request.Given}";
            },
            allocatedBytesMax: 256 << 10).Run();

        Assert.True(places.Count >= 10, string.Join('\n', places));
    }

    [Fact]
    public void Cursors_WhateverTheText_AreReadOrRefused()
    {
        ulong digest = ListCursor.Digest(KeyRange.From(default), reverse: false, keysOnly: false);
        byte[] sample = Encoding.ASCII.GetBytes(new ListCursor(7, digest, "last"u8.ToArray()).Encode());
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            43,
            [sample],
            bytes => ListCursor.TryDecode(Encoding.Latin1.GetString(bytes), digest, out _)?.Detail ?? "read").Run();

        Assert.True(places.Count >= 2, string.Join('\n', places));
    }

    [Fact]
    public void NameServersAnswers_WhateverTheBytes_AreReadOrRefused()
    {
        byte[] question = DnsMessage.Ask(7, "raftstore.example", 1);
        byte[] answer = [.. question[..(question.Length - 11)], 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1];
        answer[2] |= 0x80;
        answer[7] = 1;
        answer[11] = 0;
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(44, [question, answer], bytes => DnsMessage.TryRead(bytes, 7, 1, out DnsAnswer read) ? $"read {read.Addresses.Count > 0}" : "refused").Run();

        Assert.True(places.Count >= 2, string.Join('\n', places));
    }

    [Fact]
    public void Handshakes_WhateverTheBytes_AreJudgedOrRefused()
    {
        PeerIdentity self = new(new ClusterId(5), new NodeId(1), "n1", "http://c1", "h1:1");
        Configuration members = new([new Member(new NodeId(1), "n1", "h1:1", ""), new Member(new NodeId(2), "n2", "h2:2", "")]);
        PeerIdentity other = new(new ClusterId(5), new NodeId(2), "n2", "http://c2", "h2:2");
        byte[][] samples =
        [
            HandshakeRules.MakeHello(other, members.Find(new NodeId(1))!, PeerChannel.Bulk).ToByteArray(),
            HandshakeRules.MakeFormationHello(other, "n1").ToByteArray(),
            HandshakeRules.MakeInquiry(other).ToByteArray(),
        ];
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            46,
            samples,
            bytes => ProtobufMessages.TryParse(PeerHello.Parser, bytes) is { } hello
                ? $"{HandshakeRules.Judge(hello, self, members).Refusal} {HandshakeRules.Judge(hello, self, null, canForm: false).Refusal}"
                : "refused").Run();

        Assert.True(places.Count >= 6, string.Join('\n', places));
    }

    [Fact]
    public void PeerPort_WhateverTheBytes_CutsFramesOrRefuses()
    {
        byte[] frame = new byte[40];
        frame[0] = 40;
        frame[4] = 32;
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            45,
            [frame, [0, 0, 0, 0, .. frame, .. frame]],
            bytes =>
            {
                int frames = 0;
                FrameCutter cutter = new(_ =>
                {
                    frames++;
                    return null;
                });
                for (int offset = 0; offset < bytes.Length;)
                {
                    Span<byte> buffer = cutter.GetBuffer();
                    int count = Math.Min(buffer.Length, bytes.Length - offset);
                    bytes.AsSpan(offset, count).CopyTo(buffer);
                    offset += count;
                    if (cutter.Advance(count) is { } error)
                    {
                        return error;
                    }
                }

                return frames == 0 ? "no frame" : "frames";
            },
            allocatedBytesMax: 65L << 20,
            inputs: 5_000).Run();

        Assert.True(places.Count >= 2, string.Join('\n', places));
    }
}
