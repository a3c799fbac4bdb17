using BenchmarkDotNet.Attributes;
using RaftStore.Benchmarks.Support;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Benchmarks;

/// <summary>One append and its sync, on real files: what a group commit costs, by how much is in it.</summary>
public class LogBenchmarks
{
    private TemporaryDirectory? _directory;
    private WriteAheadLog? _log;
    private ReadOnlyMemory<byte>[] _payloads = [];
    private long _nextIndex = 1;
    private long _token;

    [Params(1, 64, 1000)]
    public int Entries { get; set; }

    [Params(256)]
    public int PayloadBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _directory = new TemporaryDirectory();
        _log = WriteAheadLog.Open(new PosixFileSystem(), Path.Combine(_directory.Path, "wal"), new ClusterId(1), new WalOptions(), EntryId.Zero, out _);
        _log.Append(new PersistRequest { Token = new BatchToken(++_token), HardState = new HardState(1, new NodeId(1)) });
        _log.Sync();
        _payloads = [.. Enumerable.Range(0, Entries).Select(seed => new ReadOnlyMemory<byte>(Payloads.Bytes(PayloadBytes, seed)))];
    }

    [Benchmark]
    public void AppendAndSync()
    {
        EntryBatch batch = EntryBatch.Seal(new EntryId(_nextIndex, 1), 0, EntryKind.Command, _payloads);
        _nextIndex = batch.LastIndex + 1;
        _log!.Append(new PersistRequest { Token = new BatchToken(++_token), Batches = [batch], CommitIndex = batch.FirstIndex - 1 });
        _log.Sync();
        if (_log.LengthBytes > 256 << 20)
        {
            // As a snapshot would: used-up segments are recycled, so that the disk does not fill.
            _log.Purge(batch.FirstIndex - 1);
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _log!.Dispose();
        _directory!.Dispose();
    }
}
