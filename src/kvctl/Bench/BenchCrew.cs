using System.Net.Sockets;

namespace RaftStore.Kvctl.Bench;

/// <summary>The clients of one run, connected, and the threads that drive them.</summary>
internal sealed class BenchCrew : IDisposable
{
    /// <summary>Up to this many clients get a thread each: the wake-up of one blocked thread is the shortest path there is.</summary>
    private const int BlockingClientsMax = 4;

    private readonly BenchOptions _options;
    private readonly Dialer _dialer;
    private readonly Socket?[] _sockets;
    private readonly List<BenchClient> _clients = [];
    private readonly List<BenchStats> _stats = [];
    private readonly List<Thread> _threads = [];

    /// <summary>Opens all connections; what cannot be opened is tried again during the run.</summary>
    public BenchCrew(BenchOptions options, int clients, Dialer dialer)
    {
        _options = options;
        _dialer = dialer;
        _sockets = [.. Enumerable.Range(0, clients).Select(dialer.Dial)];
    }

    /// <summary>Requests answered well so far.</summary>
    public long Finished => _stats.Sum(stats => stats.Finished);

    /// <summary>Requests failed so far.</summary>
    public long Failed => _stats.Sum(stats => stats.Failed);

    /// <summary>Starts the threads; they end by themselves.</summary>
    public void Start(BenchWindow window, SharedCounter? sequence)
    {
        bool isBlocking = _sockets.Length <= BlockingClientsMax || !OperatingSystem.IsLinux();
        int threads = isBlocking ? _sockets.Length : Math.Min(_options.Threads, _sockets.Length);
        for (int thread = 0; thread < threads; thread++)
        {
            var stats = new BenchStats();
            _stats.Add(stats);
            var mine = new List<(int Number, BenchClient Client)>();
            for (int number = thread; number < _sockets.Length; number += threads)
            {
                mine.Add((number, Hire(number, window, stats, sequence)));
            }

            ThreadStart work = isBlocking
                ? new BlockingLoop(mine[0].Number, mine[0].Client, _dialer, window).Run
                : new EpollLoop(mine, _dialer, window).Run;
            _threads.Add(new Thread(work) { IsBackground = true, Name = $"bench {thread}" });
        }

        _threads.ForEach(thread => thread.Start());
    }

    /// <summary>Waits for the threads to end; false when they have not within the time.</summary>
    public bool Wait(TimeSpan time)
    {
        long until = Environment.TickCount64 + (long)time.TotalMilliseconds;
        return _threads.TrueForAll(thread => thread.Join((int)Math.Max(0, until - Environment.TickCount64)));
    }

    /// <summary>What all clients met. The threads must have ended.</summary>
    public BenchStats Total()
    {
        var total = new BenchStats();
        _stats.ForEach(total.Add);
        return total;
    }

    public void Dispose()
    {
        foreach (Socket? socket in _sockets)
        {
            socket?.Dispose();
        }

        _clients.ForEach(client => client.Dispose());
    }

    private BenchClient Hire(int number, BenchWindow window, BenchStats stats, SharedCounter? sequence)
    {
        bool expectsItems = _options.Target == BenchTarget.Etcd;
        var source = new RequestSource(_options, _dialer.EndpointOf(number).Authority, number, sequence);
        var client = new BenchClient(source, new ResponseParser(expectsItems), window, stats, expectsItems) { Socket = _sockets[number] };
        _clients.Add(client);
        return client;
    }
}
