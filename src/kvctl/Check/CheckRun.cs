using System.Diagnostics;
using System.Globalization;
using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Commands;
using RaftStore.Verification;

namespace RaftStore.Kvctl.Check;

/// <summary>Drives clients, hurts the nodes if asked to, heals them, and checks what the clients were told.</summary>
internal sealed class CheckRun(Session session, CheckRunOptions options, CheckMembers members)
{
    /// <summary>Units of the history's clock in a second: it counts microseconds.</summary>
    public const long UnitsPerSecond = 1_000_000;

    /// <summary>How long the deletion of its own keys is tried.</summary>
    private static readonly TimeSpan CleanUpMax = TimeSpan.FromSeconds(30);

    private readonly Stopwatch _clock = new();

    /// <summary>Runs it all. Whatever happens, faults are healed and keys are deleted before this returns.</summary>
    public async Task<CheckSummary> RunAsync(CancellationToken cancellationToken)
    {
        NodeConnection[] connections = [.. members.Nodes.Select(node => new NodeConnection(node, _clock, options.RequestTimeout))];
        try
        {
            await RequireFaultInjectionAsync(connections);
            return await DriveAsync(connections, cancellationToken);
        }
        finally
        {
            await DeleteKeysAsync();
            foreach (NodeConnection connection in connections)
            {
                connection.Dispose();
            }
        }
    }

    private async Task<CheckSummary> DriveAsync(NodeConnection[] connections, CancellationToken cancellationToken)
    {
        DateTime started = DateTime.UtcNow;
        string? version = (await connections[0].JsonAsync("/v1/status", cancellationToken))?.TryGetProperty("version", out var text) == true ? text.GetString() : null;
        CheckLoad load = new(options, connections, _clock);
        CheckWorker[] workers = [.. Enumerable.Range(1, options.Clients).Select(number => new CheckWorker(options, load, number))];
        using FaultDriver faults = new(options, connections, session.Client, _clock, session.Io.Error);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, faults.GivenUp);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var faultsOver = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var finished = new CancellationTokenSource();

        _clock.Start();
        Task progress = ShowProgressAsync(load, faults, finished.Token);
        Task driving = Task.WhenAll(workers.Select(worker => Task.Run(() => worker.RunAsync(over.Token), CancellationToken.None)));
        Task hurting = options.Faults.Count == 0 ? Task.CompletedTask : faults.RunAsync(faultsOver.Token);
        long drivenUs;
        try
        {
            await CheckLoad.PassAsync(options.Duration, enough.Token);
        }
        finally
        {
            // Faults end first, so that the clients also see how the cluster comes back.
            await faultsOver.CancelAsync();
            await hurting;
            drivenUs = NodeConnection.NowUs(_clock);
            await over.CancelAsync();
            await driving;
            await finished.CancelAsync();
            await progress;
        }

        if (faults.Refusal is { } refusal)
        {
            throw new UsageException(refusal);
        }

        // An interrupted run is a shorter one: what was seen until then is checked all the same.
        List<string> troubles = [.. faults.Troubles];
        if (cancellationToken.IsCancellationRequested)
        {
            troubles.Add(string.Create(CultureInfo.InvariantCulture, $"interrupted after {drivenUs / UnitsPerSecond} s"));
            session.Note("check: interrupted; what was seen so far is checked");
        }

        bool wasInterrupted = cancellationToken.IsCancellationRequested;
        var aftermath = new Aftermath(session.Io.Error, connections);
        StateComparison states = await aftermath.RunAsync(workers[0], options.Keys, wasInterrupted ? Aftermath.InterruptedTimeMax : Aftermath.TimeMax, wasInterrupted ? CancellationToken.None : cancellationToken);
        states = states.Without(members.LeftOut);
        troubles.AddRange(aftermath.Troubles);
        Operation[] history = [.. workers.SelectMany(worker => worker.History).OrderBy(operation => operation.InvokedAt)];
        session.Note(string.Create(CultureInfo.InvariantCulture, $"check: looking for an order that explains {history.Length} operations"));
        CheckResult result = LinearizabilityChecker.Check(history, new CheckOptions { UnitsPerSecond = UnitsPerSecond });
        return new CheckSummary
        {
            Options = options,
            Nodes = members.Nodes,
            LeftOut = members.LeftOut,
            Version = version,
            StartedUtc = started,
            DrivenUs = drivenUs,
            History = history,
            Faults = faults.Spans,
            Result = result,
            States = states,
            Troubles = troubles,
        }.WithGap();
    }

    private async Task RequireFaultInjectionAsync(NodeConnection[] connections)
    {
        foreach (NodeConnection connection in options.NeedsFaultInjection ? connections : [])
        {
            if (await connection.JsonAsync("/v1/faults") is null)
            {
                throw new UsageException($"--chaos partition, oneway, delay and stall need nodes that were started with --enable-fault-injection, and {connection.Node.Name} was not");
            }
        }
    }

    private async Task ShowProgressAsync(CheckLoad load, FaultDriver faults, CancellationToken stop)
    {
        long before = 0;
        while (!stop.IsCancellationRequested)
        {
            await CheckLoad.PassAsync(TimeSpan.FromSeconds(1), stop);
            long done = load.Done;
            await session.Io.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{_clock.Elapsed.TotalSeconds,5:0} s {done - before,6} op/s   {done} answered, {load.NotApplied} not applied, {load.Unknown} unknown{(faults.Now is { } now ? "   " + now : string.Empty)}"));
            before = done;
        }
    }

    private async Task DeleteKeysAsync()
    {
        if (options.KeepsKeys)
        {
            return;
        }

        using var limit = new CancellationTokenSource(CleanUpMax);
        while (true)
        {
            try
            {
                await DelCommand.DeletePrefixAsync(session, Session.KeyBytes("prefix", options.Prefix), limit.Token);
                return;
            }
            catch (Exception exception) when (exception is RaftStoreException or OperationCanceledException)
            {
                // A cluster that has just been healed may take a moment to serve again.
                if (limit.IsCancellationRequested)
                {
                    session.Note($"check: the keys under {options.Prefix} could not all be deleted: kvctl del --prefix {options.Prefix} does it later");
                    return;
                }
            }

            await CheckLoad.PassAsync(TimeSpan.FromMilliseconds(500), limit.Token);
        }
    }
}
