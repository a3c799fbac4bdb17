using BenchmarkDotNet.Attributes;
using RaftStore.Benchmarks.Support;
using RaftStore.Raft;

namespace RaftStore.Benchmarks;

/// <summary>Sealing, checking and reading the unit of the log.</summary>
public class BatchBenchmarks
{
    private ReadOnlyMemory<byte>[] _payloads = [];
    private ReadOnlyMemory<byte> _bytes;
    private EntryBatch? _batch;

    [Params(1, 64, 1000)]
    public int Entries { get; set; }

    [Params(256)]
    public int PayloadBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _payloads = [.. Enumerable.Range(0, Entries).Select(seed => new ReadOnlyMemory<byte>(Payloads.Bytes(PayloadBytes, seed)))];
        _batch = Seal();
        _bytes = _batch.Bytes;
    }

    [Benchmark]
    public EntryBatch Seal() => EntryBatch.Seal(new EntryId(1, 1), 0, EntryKind.Command, _payloads);

    [Benchmark]
    public EntryBatch? Decode() => EntryBatch.TryDecode(_bytes, out _);

    [Benchmark]
    public long Enumerate()
    {
        long bytes = 0;
        foreach (Entry entry in _batch!)
        {
            bytes += entry.Payload.Length;
        }

        return bytes;
    }
}
