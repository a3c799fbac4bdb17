using System.Diagnostics;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Check;

/// <summary>What is done once nobody is driven any more: every key is read on every node, and the nodes' states are compared. It waits for
/// nodes that need a moment to serve again, tells whom it waits for, and ends when it is stopped or its time is over. One task.</summary>
internal sealed class Aftermath(TextWriter log, IReadOnlyList<NodeConnection> nodes)
{
    /// <summary>How long reading and comparing may take together.</summary>
    public static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(60);

    /// <summary>The same after an interruption: the keys are still to be deleted within the minute that an interrupted command has.</summary>
    public static readonly TimeSpan InterruptedTimeMax = TimeSpan.FromSeconds(15);

    /// <summary>How many keys are read on each node at most.</summary>
    public const int KeysMax = 200;

    /// <summary>How long a silent node may keep the next one from being read, however long a request may take.</summary>
    private static readonly TimeSpan AttemptTimeMax = TimeSpan.FromSeconds(5);

    /// <summary>How often it is told that a node is still waited for.</summary>
    private static readonly TimeSpan NoteInterval = TimeSpan.FromSeconds(5);

    private readonly Stopwatch _sinceNote = new();
    private string? _waiting;

    /// <summary>What went wrong.</summary>
    public List<string> Troubles { get; } = [];

    /// <summary>Reads every key on every node and compares the states.</summary>
    /// <param name="reader">The client that reads.</param>
    /// <param name="keys">How many keys there are.</param>
    /// <param name="timeMax">How long it may take; two thirds of it for reading, so that a node that serves no reads is still compared.</param>
    /// <param name="stop">Ends the waiting: what is not known by then stays unknown.</param>
    /// <returns>What is known of the states. Nothing is thrown where it was stopped.</returns>
    public async Task<StateComparison> RunAsync(CheckWorker reader, int keys, TimeSpan timeMax, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        over.CancelAfter(timeMax);
        using (var readingOver = CancellationTokenSource.CreateLinkedTokenSource(over.Token))
        {
            readingOver.CancelAfter(timeMax * 2 / 3);
            await ReadEverywhereAsync(reader, Math.Min(keys, KeysMax), readingOver.Token);
        }

        StateComparison states = await StateComparison.MakeAsync(nodes, trouble => TellAsync($"waiting for equal states: {trouble}"), over.Token);
        if (stop.IsCancellationRequested && states.AreEqual is null)
        {
            Troubles.Add($"interrupted while {_waiting ?? "every node was asked"}");
        }

        return states;
    }

    /// <summary>What was lost or is different somewhere shows here at the latest. A node that does not serve holds up no other one.</summary>
    private async Task ReadEverywhereAsync(CheckWorker reader, int keys, CancellationToken stop)
    {
        var left = nodes.ToDictionary(node => node, _ => 0);
        while (!stop.IsCancellationRequested)
        {
            foreach (NodeConnection node in nodes.Where(left.ContainsKey))
            {
                using var attempt = CancellationTokenSource.CreateLinkedTokenSource(stop);
                attempt.CancelAfter(AttemptTimeMax);
                while (left[node] < keys && await reader.ReadAsync(node, left[node], attempt.Token))
                {
                    left[node]++;
                }
            }

            nodes.Where(node => left.GetValueOrDefault(node) >= keys).ToList().ForEach(node => left.Remove(node));
            if (left.Count == 0)
            {
                _waiting = null;
                return;
            }

            await TellAsync($"waiting for {Names(left.Keys)} to serve reads");
            await CheckLoad.PassAsync(TimeSpan.FromMilliseconds(100), stop);
        }

        Troubles.Add($"{Names(left.Keys)} did not serve reads again");
    }

    private async Task TellAsync(string what)
    {
        _waiting = what;
        if (!_sinceNote.IsRunning || _sinceNote.Elapsed > NoteInterval)
        {
            _sinceNote.Restart();
            await log.WriteLineAsync($"kvctl: check: {Escape.Line(what)}");
        }
    }

    private static string Names(IEnumerable<NodeConnection> some) => string.Join(", ", some.Select(node => node.Node.Name).Order(StringComparer.Ordinal));
}
