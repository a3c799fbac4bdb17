using BenchmarkDotNet.Attributes;
using RaftStore.Benchmarks.Support;
using RaftStore.Kv.Index;
using RaftStore.Kv.Versions;

namespace RaftStore.Benchmarks;

/// <summary>The copy-on-write B+tree alone. The shorter an epoch, the more of the tree each put copies.</summary>
public class TreeBenchmarks
{
    private const int RangeKeys = 100;

    private VersionTree _tree = new();
    private TreeRoot _root;
    private byte[][] _keys = [];
    private VersionedKey[] _entries = [];
    private int _next;

    [Params(10_000, 1_000_000)]
    public int Keys { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _tree = new VersionTree();
        _keys = [.. Enumerable.Range(0, Keys).Select(Payloads.Key)];
        byte[] value = Payloads.Bytes(100, 1);
        _entries = [.. _keys.Select((key, number) => new VersionedKey(new KeyVersion(key, value, new VersionStamp(number + 1, number + 1, 1, 0, 0)), null))];
        foreach (VersionedKey entry in _entries)
        {
            _tree.Insert(entry);
        }

        _root = _tree.Freeze();
    }

    /// <summary>An epoch for each put: every node on the path is copied.</summary>
    [Benchmark]
    public long PutAlone()
    {
        VersionedKey entry = _entries[Next()];
        _tree.Replace(entry, entry);
        return _tree.Freeze().LiveCount;
    }

    /// <summary>An epoch for 64 puts, as a batch is.</summary>
    [Benchmark(OperationsPerInvoke = 64)]
    public long PutInBatches()
    {
        for (int i = 0; i < 64; i++)
        {
            VersionedKey entry = _entries[Next()];
            _tree.Replace(entry, entry);
        }

        return _tree.Freeze().LiveCount;
    }

    [Benchmark]
    public bool Get() => _root.Find(_keys[Next()]).IsPresent;

    [Benchmark]
    public long Range100()
    {
        var cursor = new TreeCursor(_root);
        long revisions = 0;
        int seen = 0;
        for (bool isThere = cursor.SeekFrom(_keys[Next()]); isThere && seen < RangeKeys; isThere = cursor.MoveNext())
        {
            revisions += cursor.Current.Newest.ModRevision;
            seen++;
        }

        return revisions;
    }

    private int Next()
    {
        // A stride that is prime to every size above: all keys in turn, none next to the one before it.
        _next = (_next + 7919) % Keys;
        return _next;
    }
}
