using System.Diagnostics;
using System.Globalization;
using RaftStore.Verification;

namespace RaftStore.Kvctl.Check;

/// <summary>One client of a check: asks for one thing at a time, of whichever node, and keeps what it was told. One task.</summary>
internal sealed class CheckWorker(CheckRunOptions options, CheckLoad load, int number)
{
    private readonly Random _random = new(unchecked((options.Seed * 1_000_003) + number));
    private readonly long[] _seenRevisions = new long[options.Keys];
    private long _newestRevision;
    private int _written;

    /// <summary>What this client asked for and was told.</summary>
    public List<Operation> History { get; } = [];

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested && await load.TakeTurnAsync(stop))
        {
            NodeConnection? node = DrawNode();
            if (node is null)
            {
                await CheckLoad.PassAsync(TimeSpan.FromMilliseconds(10), stop);
                continue;
            }

            int key = _random.Next(options.Keys);

            // What is under way when the driving is over still gets its answer: giving it up would make its outcome unknown for nothing.
            Operation ended = await node.RunAsync(Draw(key), CancellationToken.None);
            Keep(ended, key);
            if (ended.Outcome != OperationOutcome.Ok)
            {
                // A node without a leader refuses at once; asking it in a loop would only take the processor from the others.
                await CheckLoad.PassAsync(TimeSpan.FromMilliseconds(5), stop);
            }
        }
    }

    /// <summary>Reads a key at a node, whatever else goes on. False where it was not answered, or stopped before.</summary>
    public async Task<bool> ReadAsync(NodeConnection node, int key, CancellationToken stop)
    {
        Operation ended = await node.RunAsync(Blank(OperationKind.Get, load.RegisterKey(key)), stop);
        Keep(ended, key);
        return ended.Outcome == OperationOutcome.Ok;
    }

    private void Keep(Operation ended, int key)
    {
        History.Add(ended);
        load.Count(ended);
        if (ended.Outcome != OperationOutcome.Ok)
        {
            return;
        }

        _newestRevision = Math.Max(_newestRevision, ended.Revision);
        if (ended.Key == load.RegisterKey(key) && ended.AtRevision < 0)
        {
            long seen = ended.Kind == OperationKind.Put && ended.Changed ? ended.Revision : ended.ModRevision;
            _seenRevisions[key] = Math.Max(0, seen);
        }
    }

    /// <summary>A node that may answer; null while none is worth asking. No node gets more than its share of the clients, so that one that is
    /// silent does not silence all of them.</summary>
    private NodeConnection? DrawNode()
    {
        IReadOnlyList<NodeConnection> nodes = load.Nodes;
        int share = (options.Clients / nodes.Count) + 1;
        int first = _random.Next(nodes.Count);
        for (int i = 0; i < nodes.Count; i++)
        {
            NodeConnection node = nodes[(first + i) % nodes.Count];
            if (node.UnderWay < share && node.QuietUntilUs <= load.NowUs)
            {
                return node;
            }
        }

        return null;
    }

    private Operation Draw(int key)
    {
        Operation put = Blank(OperationKind.Put, load.RegisterKey(key)) with { Value = NextValue() };
        return _random.Next(100) switch
        {
            < 30 => put,
            < 62 => Blank(OperationKind.Get, load.RegisterKey(key)),
            < 72 => put with { Condition = Precondition.IfRevision(_seenRevisions[key]) },
            < 75 => put with { Condition = Precondition.IfAbsent },
            < 77 => put with { Condition = Precondition.IfExists },
            < 81 => Blank(OperationKind.Delete, load.RegisterKey(key)),
            < 83 => Blank(OperationKind.Delete, load.RegisterKey(key)) with { Condition = Precondition.IfRevision(Math.Max(1, _seenRevisions[key])) },
            < 85 => Blank(OperationKind.Get, load.RegisterKey(key)) with { AtRevision = PastRevision() },
            < 88 => Blank(OperationKind.Range, load.RegisterKey(0)) with { End = load.RegistersEnd },
            < 89 => Blank(OperationKind.Range, load.RegisterKey(0)) with { End = load.RegistersEnd, AtRevision = PastRevision() },
            < 96 => Blank(OperationKind.Put, load.NextMember()) with { Value = NextValue(), Condition = Precondition.IfAbsent },
            < 97 => Blank(OperationKind.Delete, load.RecentMember(_random)),
            _ => BlankShard(load.RecentShard(_random)),
        };
    }

    /// <summary>A list of all keys behind a slash: they end before the next character, the digit zero.</summary>
    private Operation BlankShard(string shard) => Blank(OperationKind.Range, shard) with { End = shard[..^1] + "0" };

    private Operation Blank(OperationKind kind, string key) => new() { Client = number, Kind = kind, Key = key, InvokedAt = 0, Outcome = OperationOutcome.Ok };

    private string NextValue() => string.Create(CultureInfo.InvariantCulture, $"c{number}.{++_written}");

    /// <summary>A revision not long ago: history is kept for a while only.</summary>
    private long PastRevision() => _random.NextInt64(Math.Max(0, _newestRevision - 500), _newestRevision + 1);
}

/// <summary>What the clients of a check have in common. Any thread.</summary>
internal sealed class CheckLoad(CheckRunOptions options, IReadOnlyList<NodeConnection> nodes, Stopwatch clock)
{
    /// <summary>Members of the sets: each is created once, and a list shows one set.</summary>
    private const int ShardSize = 50;

    private readonly string[] _registers = [.. Enumerable.Range(0, options.Keys).Select(key => string.Create(CultureInfo.InvariantCulture, $"{options.Prefix}r/{key:000000}"))];
    private int _members;
    private long _turns;
    private long _done;
    private long _notApplied;
    private long _unknown;

    public IReadOnlyList<NodeConnection> Nodes => nodes;

    public long NowUs => NodeConnection.NowUs(clock);

    /// <summary>Right behind the last register.</summary>
    public string RegistersEnd { get; } = options.Prefix + "r0";

    /// <summary>Operations answered so far.</summary>
    public long Done => Volatile.Read(ref _done);

    public long NotApplied => Volatile.Read(ref _notApplied);

    public long Unknown => Volatile.Read(ref _unknown);

    /// <summary>How many members were created, or tried to be.</summary>
    public int Members => Volatile.Read(ref _members);

    /// <summary>Passes a part of a schedule; ends early, without a word, when it is stopped.</summary>
    public static async Task PassAsync(TimeSpan time, CancellationToken stop)
    {
        try
        {
            await Task.Delay(time, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>The set with a number; the keys of its members begin so.</summary>
    public string Shard(int shard) => string.Create(CultureInfo.InvariantCulture, $"{options.Prefix}s/{shard:000000}/");

    public string RegisterKey(int key) => _registers[key];

    /// <summary>Waits for the moment at which the next operation may be sent.</summary>
    /// <returns>False when no more are to be sent.</returns>
    public async ValueTask<bool> TakeTurnAsync(CancellationToken stop)
    {
        long turn = Interlocked.Increment(ref _turns);
        if (options.Rate > 0 && (turn * 1_000_000 / options.Rate) - NowUs is > 0 and long earlyUs)
        {
            await PassAsync(TimeSpan.FromMicroseconds(earlyUs), stop);
        }

        return turn <= CheckRunOptions.OperationsMax && !stop.IsCancellationRequested;
    }

    public string NextMember() => Member(Interlocked.Increment(ref _members) - 1);

    public string RecentMember(Random random) => Member(Math.Max(0, Members - 1 - random.Next(2 * ShardSize)));

    public string RecentShard(Random random) => Shard(Math.Max(0, (Members / ShardSize) - random.Next(2)));

    public void Count(Operation ended) =>
        Interlocked.Increment(ref ended.Outcome == OperationOutcome.Ok ? ref _done : ref ended.Outcome == OperationOutcome.Unknown ? ref _unknown : ref _notApplied);

    private string Member(int number) => string.Create(CultureInfo.InvariantCulture, $"{Shard(number / ShardSize)}{number:0000000}");
}
