using BenchmarkDotNet.Attributes;
using RaftStore.Benchmarks.Support;
using RaftStore.Kv;

namespace RaftStore.Benchmarks;

/// <summary>The state machine over its tree: applying puts, and reading while nothing is applied.</summary>
public class StoreBenchmarks
{
    private const int ListedKeys = 100;

    private KvStore _store = new();
    private byte[][] _keys = [];
    private byte[][] _puts = [];
    private long _index;
    private int _next;

    [Params(10_000, 1_000_000)]
    public int Keys { get; set; }

    [Params(100)]
    public int ValueBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _store = new KvStore();
        _index = 0;
        _keys = [.. Enumerable.Range(0, Keys).Select(Payloads.Key)];
        byte[] value = Payloads.Bytes(ValueBytes, 1);
        _puts = [.. _keys.Select(key => KvCommand.Put(key, value))];
        foreach (byte[] put in _puts)
        {
            _store.Apply(++_index, 0, put);
        }

        _store.Publish();
    }

    /// <summary>A put of a key that exists, published alone: a lonely write.</summary>
    [Benchmark]
    public long PutAndPublish()
    {
        // Cluster time goes on as it would in life, so that history older than its bound is dropped along the way.
        KvResult result = _store.Apply(++_index, _index, _puts[Next()]);
        _store.Publish();
        return result.Revision;
    }

    /// <summary>Sixty-four puts published together, as a batch is.</summary>
    [Benchmark(OperationsPerInvoke = 64)]
    public long PutInBatches()
    {
        long revision = 0;
        for (int i = 0; i < 64; i++)
        {
            revision = _store.Apply(++_index, _index, _puts[Next()]).Revision;
        }

        _store.Publish();
        return revision;
    }

    [Benchmark]
    public bool Get()
    {
        KvView view = _store.Current;
        return view.TryGet(_keys[Next()], view.Revision, out _);
    }

    [Benchmark]
    public int List100()
    {
        KvView view = _store.Current;
        return view.List(new KeyRange(_keys[Next()], null), view.Revision, ListedKeys, 1 << 20, reverse: false).Items.Count;
    }

    private int Next()
    {
        // A stride that is prime to every size above: all keys in turn, none next to the one before it.
        _next = (_next + 7919) % Keys;
        return _next;
    }
}
