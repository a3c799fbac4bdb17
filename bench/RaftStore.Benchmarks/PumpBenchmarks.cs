using BenchmarkDotNet.Attributes;
using RaftStore.Benchmarks.Support;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Storage;

namespace RaftStore.Benchmarks;

/// <summary>Consensus alone: three replicas in this process, without HTTP and sockets.</summary>
public class PumpBenchmarks
{
    /// <summary>Requests under way at once, by one thread.</summary>
    private const int Together = 1000;

    private readonly ValueTask<WriteOutcome>[] _writes = new ValueTask<WriteOutcome>[Together];
    private readonly ValueTask<RefusalReason>[] _reads = new ValueTask<RefusalReason>[Together];
    private TemporaryDirectory? _directory;
    private InProcessCluster? _cluster;
    private byte[][] _puts = [];

    /// <summary>Real files with real syncs, or memory.</summary>
    [Params(true, false)]
    public bool Disk { get; set; }

    [Params(16)]
    public int ValueBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _directory = new TemporaryDirectory();
        _cluster = new InProcessCluster(node => Disk
            ? (new PosixFileSystem(), Path.Combine(_directory.Path, $"n{node}"))
            : (new MemoryFileSystem(), $"/n{node}"));
        _puts = [.. Enumerable.Range(0, Together).Select(number => KvCommand.Put(Payloads.Key(number), Payloads.Bytes(ValueBytes, number)))];
    }

    [Benchmark]
    public async Task LonelyWrite() => Check(await _cluster!.Leader.WriteAsync(_puts[0], NodeClock.SystemMs + 5000));

    [Benchmark]
    public async Task LonelyWriteThroughAFollower() => Check(await _cluster!.Follower.WriteAsync(_puts[0], NodeClock.SystemMs + 5000));

    [Benchmark(OperationsPerInvoke = Together)]
    public async Task WritesTogether()
    {
        long deadline = NodeClock.SystemMs + 5000;
        for (int i = 0; i < Together; i++)
        {
            _writes[i] = _cluster!.Leader.WriteAsync(_puts[i], deadline);
        }

        for (int i = 0; i < Together; i++)
        {
            Check(await _writes[i]);
        }
    }

    [Benchmark(OperationsPerInvoke = Together)]
    public async Task ReadConfirmationsTogether()
    {
        long deadline = NodeClock.SystemMs + 5000;
        for (int i = 0; i < Together; i++)
        {
            _reads[i] = _cluster!.Follower.ConfirmReadAsync(deadline);
        }

        for (int i = 0; i < Together; i++)
        {
            RefusalReason reason = await _reads[i];
            if (reason != RefusalReason.None)
            {
                throw new InvalidOperationException($"A read was refused: {reason}");
            }
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _cluster!.Dispose();
        _directory!.Dispose();
    }

    private static void Check(WriteOutcome outcome)
    {
        if (outcome.Certainty != WriteCertainty.Applied)
        {
            throw new InvalidOperationException($"A write was not applied: {outcome}");
        }
    }
}
