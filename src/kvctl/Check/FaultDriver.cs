using System.Diagnostics;
using RaftStore.Client;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Check;

/// <summary>Does things to the nodes, one after the other, and undoes every one of them. One task at a time.</summary>
internal sealed class FaultDriver(CheckRunOptions options, IReadOnlyList<NodeConnection> nodes, RaftStoreClient client, Stopwatch clock, TextWriter log) : IDisposable
{
    private readonly CancellationTokenSource _givenUp = new();
    private readonly Random _random = new(options.Seed);
    private readonly List<FaultSpan> _spans = [];
    private readonly Stack<Func<Task<bool>>> _undo = new();
    private bool _hasDone;

    /// <summary>What was done, and when.</summary>
    public IReadOnlyList<FaultSpan> Spans => _spans;

    /// <summary>What is being done; null while all is well.</summary>
    public string? Now { get; private set; }

    /// <summary>What could not be done or undone.</summary>
    public List<string> Troubles { get; } = [];

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
        while (_undo.TryPop(out Func<Task<bool>>? undo))
        {
            bool undone = false;
            for (int i = 0; i < 60 && !(undone = await undo()); i++)
            {
                await Task.Delay(500);
            }

            if (!undone)
            {
                Troubles.Add("a fault could not be undone; look at the nodes");
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
        bool done = await (kind switch
        {
            FaultKind.Kill => ScriptAsync(victims, "kill", "start"),
            FaultKind.Pause => ScriptAsync(victims, "pause", "resume"),
            FaultKind.Partition => InjectAsync([.. victims.Select(node => (node, Drop(to: others, from: others))), .. others.Select(node => (node, Drop(to: victims, from: victims)))]),
            FaultKind.OneWay => InjectAsync([.. victims.Select(node => (node, Drop(to: others, from: [])))]),
            FaultKind.Delay => InjectAsync([.. victims.Select(node => (node, Delay(others, _random.Next(20, 400))))]),
            FaultKind.Stall => InjectAsync([.. victims.Select(node => (node, new FaultChange { StallLogMs = _random.Next(300, 2500) }))]),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        });
        _hasDone |= done;
        if (!done)
        {
            Troubles.Add($"{Now} could not be done completely");
            await log.WriteLineAsync($"kvctl: check: {Now} could not be done completely");
        }

        using var pause = CancellationTokenSource.CreateLinkedTokenSource(stop, GivenUp);
        await CheckLoad.PassAsync(Draw(1000, 5000), pause.Token);
        await HealAsync();
        _spans.Add(new FaultSpan(kind, what, from, NodeConnection.NowUs(clock)));
        Now = null;
    }

    private async Task<bool> ScriptAsync(NodeConnection[] victims, string verb, string undo)
    {
        bool all = true;
        foreach (NodeConnection victim in victims)
        {
            string? error = await RunScriptAsync(verb, victim.Node.Name);

            // Undone even where it failed, if only once: it may have failed half way.
            _undo.Push(async () => await RunScriptAsync(undo, victim.Node.Name) is null || error is not null);
            if (error is not null && !_hasDone)
            {
                Refusal ??= $"the cluster's script does nothing to the nodes, so there would be no faults: {error}";
                await _givenUp.CancelAsync();
            }

            all &= error is null;
        }

        return all;
    }

    private async Task<string?> RunScriptAsync(string verb, string node)
    {
        string? wrong = await ClusterScript.RunAsync(options.ScriptPath!, verb, node);
        if (wrong is not null)
        {
            await log.WriteLineAsync($"kvctl: check: {wrong}");
        }

        return wrong;
    }

    private async Task<bool> InjectAsync((NodeConnection Node, FaultChange Change)[] faults)
    {
        foreach ((NodeConnection node, _) in faults)
        {
            _undo.Push(() => TryAsync(() => client.Faults.HealAsync(node.Node.Endpoint)));
        }

        return (await Task.WhenAll(faults.Select(fault => TryAsync(() => client.Faults.ChangeAsync(fault.Node.Node.Endpoint, fault.Change))))).All(done => done);
    }

    private async Task<bool> TryAsync(Func<Task> request)
    {
        try
        {
            await request();
            return true;
        }
        catch (RaftStoreException refused)
        {
            await log.WriteLineAsync($"kvctl: check: {Escape.Line(refused.Message)}");
            return false;
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
