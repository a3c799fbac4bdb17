using BenchmarkDotNet.Attributes;
using RaftStore.Benchmarks.Support;
using RaftStore.Node;
using RaftStore.Node.Codec;
using RaftStore.Raft;

namespace RaftStore.Benchmarks;

/// <summary>Frames between nodes. Encoding an append does not depend on what is in its batches: they go out as they are. Decoding
/// checks every byte of them.</summary>
public class PeerCodecBenchmarks
{
    private static readonly ClusterId Cluster = new(42);
    private static readonly NodeId Leader = new(1);
    private static readonly NodeId Follower = new(2);

    private readonly FrameDecoder _gate = new(Cluster, Follower);
    private readonly Heartbeat _heartbeat = new(Leader, Follower, 7, 1000, 12, 34_567, 8, 1001);
    private ReadOnlyMemory<byte> _heartbeatFrame;
    private AppendEntries? _append;
    private ReadOnlyMemory<byte> _appendFrame;

    [Params(1, 1000)]
    public int Entries { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        ReadOnlyMemory<byte>[] payloads = [.. Enumerable.Range(0, Entries).Select(seed => new ReadOnlyMemory<byte>(Payloads.Bytes(256, seed)))];
        EntryBatch batch = EntryBatch.Seal(new EntryId(11, 7), 0, EntryKind.Command, payloads);
        _append = new AppendEntries(Leader, Follower, 7, new EntryId(10, 7), [batch], 10);
        _appendFrame = Wire.Copy(MessageEncoder.Encode(Cluster, _append, out _));
        _heartbeatFrame = Wire.Copy(MessageEncoder.Encode(Cluster, _heartbeat, out _));
    }

    [Benchmark]
    public PeerFrame EncodeHeartbeat() => MessageEncoder.Encode(Cluster, _heartbeat, out _);

    [Benchmark]
    public object? DecodeHeartbeat() => Decode(PeerChannel.Control, _heartbeatFrame);

    [Benchmark]
    public PeerFrame EncodeAppend() => MessageEncoder.Encode(Cluster, _append!, out _);

    [Benchmark]
    public object? DecodeAppend() => Decode(PeerChannel.Bulk, _appendFrame);

    private Message? Decode(PeerChannel channel, ReadOnlyMemory<byte> frame)
        => _gate.TryDecode(Leader, channel, frame, out Message? message) is { } wrong ? throw new InvalidOperationException(wrong) : message;
}
