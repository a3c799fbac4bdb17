using System.Diagnostics;
using RaftStore.Client;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Check;

/// <summary>Does things to the nodes, one after the other, and undoes every one of them. One task at a time.</summary>
internal sealed class FaultDriver(CheckRunOptions options, IReadOnlyList<NodeConnection> nodes, RaftStoreClient client, Stopwatch clock, TextWriter log) : IDisposable
{
    /// <summary>More lines about what failed tell nobody anything new.</summary>
    private const int TroublesMax = 50;

    private readonly CancellationTokenSource _givenUp = new();
    private readonly Random _random = new(options.Seed);
    private readonly List<FaultSpan> _spans = [];
    private readonly Stack<(string What, bool IsTriedOnce, Func<Task<string?>> Undo)> _undo = new();
    private readonly List<string> _troubles = [];
    private int _troublesLeftOut;

    /// <summary>What was done, and when; of a fault of which only a part was done, that part.</summary>
    public IReadOnlyList<FaultSpan> Spans => _spans;

    /// <summary>What is being done; null while all is well.</summary>
    public string? Now { get; private set; }

    /// <summary>What could not be done or undone; the first of them, where there are many.</summary>
    public IEnumerable<string> Troubles => _troublesLeftOut == 0 ? _troubles : _troubles.Append($"and {_troublesLeftOut} more faults that could not be done or undone");

    /// <summary>Why the script is of no use: the first thing that it was asked to do it refused. Null while it does what it is asked.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Cancelled once there is a <see cref="Refusal"/>.</summary>
    public CancellationToken GivenUp => _givenUp.Token;

    /// <inheritdoc/>
    public void Dispose() => _givenUp.Dispose();

    /// <summary>Goes on until it is stopped or gives up, and leaves everything healed.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested && Refusal is null)
            {
                await CheckLoad.PassAsync(Draw(1500, 3500), stop);
                if (!stop.IsCancellationRequested)
                {
                    await DoAsync(options.Faults[_random.Next(options.Faults.Count)], stop);
                }
            }
        }
        finally
        {
            await HealAsync();
        }
    }

    /// <summary>Undoes whatever is still done: tries each for half a minute.</summary>
    public async Task HealAsync()
    {
        while (_undo.TryPop(out (string What, bool IsTriedOnce, Func<Task<string?>> Undo) done))
        {
            string? wrong = await done.Undo();
            for (int i = 1; i < 60 && wrong is not null && !done.IsTriedOnce; i++)
            {
                await Task.Delay(500);
                wrong = await done.Undo();
            }

            if (wrong is not null)
            {
                await TellAsync($"{done.What} could not be undone, look at the nodes: {wrong}");
            }
        }
    }

    private async Task DoAsync(FaultKind kind, CancellationToken stop)
    {
        NodeConnection[] shuffled = [.. nodes];
        _random.Shuffle(shuffled);
        int minority = Math.Max(1, (nodes.Count(node => !node.Node.IsLearner) - 1) / 2);
        NodeConnection[] victims = shuffled[..(1 + _random.Next(minority))];
        NodeConnection[] others = shuffled[victims.Length..];
        string what = kind switch
        {
            FaultKind.Partition => $"{Names(victims)} | {Names(others)}",
            FaultKind.OneWay => $"{Names(victims)} → {Names(others)}",
            _ => Names(victims),
        };
        long from = NodeConnection.NowUs(clock);
        Now = $"{kind.ToString().ToLowerInvariant()} {what}";
        (string Node, string? Wrong)[] asked = await (kind switch
        {
            FaultKind.Kill => ScriptAsync(victims, "kill", "start"),
            FaultKind.Pause => ScriptAsync(victims, "pause", "resume"),
            FaultKind.Partition => InjectAsync([.. victims.Select(node => (node, Drop(to: others, from: others))), .. others.Select(node => (node, Drop(to: victims, from: victims)))]),
            FaultKind.OneWay => InjectAsync([.. victims.Select(node => (node, Drop(to: others, from: [])))]),
            FaultKind.Delay => InjectAsync([.. victims.Select(node => (node, Delay(others, _random.Next(20, 400))))]),
            FaultKind.Stall => InjectAsync([.. victims.Select(node => (node, new FaultChange { StallLogMs = _random.Next(300, 2500) }))]),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        });
        string[] hit = [.. asked.Where(one => one.Wrong is null).Select(one => one.Node)];
        if (hit.Length < asked.Length)
        {
            await TellAsync($"{Now} could not be done{(hit.Length > 0 ? $" but at {string.Join(", ", hit)}" : string.Empty)}: {asked.First(one => one.Wrong is not null).Wrong}");
        }

        if (hit.Length > 0)
        {
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(stop, GivenUp);
            await CheckLoad.PassAsync(Draw(1000, 5000), pause.Token);
        }

        await HealAsync();
        if (hit.Length > 0)
        {
            _spans.Add(new FaultSpan(kind, hit.Length == asked.Length ? what : $"{what} (only at {string.Join(", ", hit)})", from, NodeConnection.NowUs(clock)));
        }

        Now = null;
    }

    private async Task<(string Node, string? Wrong)[]> ScriptAsync(NodeConnection[] victims, string verb, string undo)
    {
        List<(string Node, string? Wrong)> asked = [];
        foreach (NodeConnection victim in victims)
        {
            string name = victim.Node.Name;
            string? wrong = await RunScriptAsync(verb, name);

            // Undone even where it failed, if only once: it may have failed half way.
            _undo.Push(($"{verb} {name}", wrong is not null, () => RunScriptAsync(undo, name)));
            asked.Add((name, wrong));
        }

        // Of a script that does not even do the first thing it is asked for, nothing is to be expected.
        if (_spans.Count == 0 && asked.TrueForAll(one => one.Wrong is not null))
        {
            Refusal = $"the cluster's script does nothing to the nodes, so there would be no faults: {asked[0].Wrong}";
            await _givenUp.CancelAsync();
        }

        return [.. asked];
    }

    private Task<string?> RunScriptAsync(string verb, string node) => ClusterScript.RunAsync(options.ScriptPath!, verb, node);

    private async Task<(string Node, string? Wrong)[]> InjectAsync((NodeConnection Node, FaultChange Change)[] faults)
    {
        foreach ((NodeConnection node, _) in faults)
        {
            _undo.Push(($"the faults of {node.Node.Name}", false, () => TryAsync(() => client.Faults.HealAsync(node.Node.Endpoint))));
        }

        string?[] wrong = await Task.WhenAll(faults.Select(fault => TryAsync(() => client.Faults.ChangeAsync(fault.Node.Node.Endpoint, fault.Change))));
        return [.. faults.Select((fault, i) => (fault.Node.Node.Name, wrong[i]))];
    }

    /// <returns>What is wrong, or null.</returns>
    private static async Task<string?> TryAsync(Func<Task> request)
    {
        try
        {
            await request();
            return null;
        }
        catch (RaftStoreException refused)
        {
            return Escape.Line(refused.Message.TrimEnd('.'));
        }
    }

    private async Task TellAsync(string trouble)
    {
        await log.WriteLineAsync($"kvctl: check: {trouble}");
        if (_troubles.Count < TroublesMax)
        {
            _troubles.Add(trouble);
        }
        else
        {
            _troublesLeftOut++;
        }
    }

    private static FaultChange Drop(NodeConnection[] to, NodeConnection[] from) => new() { To = [.. to.Select(node => node.Node.Name)], From = [.. from.Select(node => node.Node.Name)], Drop = true };

    private static FaultChange Delay(NodeConnection[] others, int delayMs)
    {
        string[] names = [.. others.Select(node => node.Node.Name)];
        return new FaultChange { To = names, From = names, DelayMs = delayMs };
    }

    private static string Names(NodeConnection[] some) => string.Join(", ", some.Select(node => node.Node.Name).Order(StringComparer.Ordinal));

    private TimeSpan Draw(int fromMs, int toMs) => TimeSpan.FromMilliseconds(_random.Next(fromMs, toMs));
}
