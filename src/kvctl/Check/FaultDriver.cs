using System.Diagnostics;
using RaftStore.Client;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Check;

/// <summary>Does things to the nodes, one after the other, and undoes every one of them. One task at a time.</summary>
internal sealed class FaultDriver(CheckRunOptions options, IReadOnlyList<NodeConnection> nodes, RaftStoreClient client, Stopwatch clock, TextWriter log)
{
    private readonly Random _random = new(options.Seed);
    private readonly List<FaultSpan> _spans = [];
    private readonly Stack<Func<Task<bool>>> _undo = new();

    /// <summary>What was done, and when.</summary>
    public IReadOnlyList<FaultSpan> Spans => _spans;

    /// <summary>What is being done; null while all is well.</summary>
    public string? Now { get; private set; }

    /// <summary>What could not be done or undone.</summary>
    public List<string> Troubles { get; } = [];

    /// <summary>Goes on until it is stopped, and leaves everything healed.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
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
        int minority = Math.Max(1, (nodes.Count - 1) / 2);
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
        if (!done)
        {
            Troubles.Add($"{Now} could not be done completely");
            await log.WriteLineAsync($"kvctl: check: {Now} could not be done completely");
        }

        await CheckLoad.PassAsync(Draw(1000, 5000), stop);
        await HealAsync();
        _spans.Add(new FaultSpan(kind, what, from, NodeConnection.NowUs(clock)));
        Now = null;
    }

    private async Task<bool> ScriptAsync(NodeConnection[] victims, string verb, string undo)
    {
        bool all = true;
        foreach (NodeConnection victim in victims)
        {
            // Undone even where it failed: it may have failed half way.
            _undo.Push(() => RunScriptAsync(undo, victim.Node.Name));
            all &= await RunScriptAsync(verb, victim.Node.Name);
        }

        return all;
    }

    private async Task<bool> RunScriptAsync(string verb, string node)
    {
        var start = new ProcessStartInfo("bash", [options.ScriptPath!, verb, node]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            await log.WriteLineAsync($"kvctl: check: {options.ScriptPath} {verb} {node}: {error.Trim()}");
        }

        return process.ExitCode == 0;
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
