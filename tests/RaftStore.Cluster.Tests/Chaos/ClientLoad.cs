using System.Globalization;
using RaftStore.Cluster.Tests.Harness;
using RaftStore.Verification;

namespace RaftStore.Cluster.Tests.Chaos;

/// <summary>Clients that write, delete and read over all nodes at once, and write down what they are told.</summary>
internal sealed class ClientLoad(TestCluster cluster, AcknowledgedHistory history, int seed, int clients, int keys) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private long _done;
    private long _refused;
    private long _unknown;

    /// <summary>How operations ended so far.</summary>
    public string Summary => string.Create(CultureInfo.InvariantCulture, $"{Volatile.Read(ref _done)} done, {Volatile.Read(ref _refused)} refused, {Volatile.Read(ref _unknown)} unknown");

    public long Done => Volatile.Read(ref _done);

    public long Unknown => Volatile.Read(ref _unknown);

    public void Start() => _running = Task.WhenAll(Enumerable.Range(0, clients).Select(number => Task.Run(() => RunClientAsync(number))));

    /// <summary>Returns once this many more operations have succeeded.</summary>
    public Task DoneAsync(long more)
    {
        long target = Done + more;
        return cluster.HoldsAsync($"{more} more operations succeed", () => _running.IsFaulted ? throw _running.Exception : Task.FromResult(Done >= target));
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    /// <summary>Reads every key on every node, and then holds everything that was recorded against the rules. Every node must run.</summary>
    public async Task CheckAsync()
    {
        await cluster.AllReadyAsync();
        for (int key = 0; key < keys; key++)
        {
            foreach (TestNode node in cluster.Nodes)
            {
                long begun = history.Begin();
                Answer read = await cluster.GetAsync(node, KeyName(key));
                history.ReadAnswered(KeyName(key), read.Value, read.ModRevision, read.Revision, begun);
            }
        }

        IReadOnlyList<string> violations = history.FindViolations();
        Assert.True(violations.Count == 0, $"{Summary}\n{string.Join('\n', violations)}\n{cluster.Logs}");
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private static string KeyName(int key) => string.Create(CultureInfo.InvariantCulture, $"chaos/{key}");

    private async Task RunClientAsync(int number)
    {
        var random = new Random(HashSeed(number));
        for (int operation = 0; !_stop.IsCancellationRequested; operation++)
        {
            TestNode node = cluster.Nodes[random.Next(cluster.Nodes.Count)];
            string key = KeyName(random.Next(keys));
            int kind = random.Next(100);
            Outcome outcome = kind switch
            {
                < 50 => await WriteAsync(node, key, string.Create(CultureInfo.InvariantCulture, $"{number}.{operation}")),
                < 55 => await WriteAsync(node, key, value: null),
                _ => await ReadAsync(node, key),
            };
            Interlocked.Increment(ref outcome == Outcome.Done ? ref _done : ref outcome == Outcome.Unknown ? ref _unknown : ref _refused);
            if (outcome != Outcome.Done)
            {
                // A node that is down refuses within microseconds; asking it in a loop would only take the processor from the others.
                await Eventually.PassAsync(TimeSpan.FromMilliseconds(5));
            }
        }
    }

    private int HashSeed(int number) => unchecked((seed * 1_000_003) + number);

    private async Task<Outcome> WriteAsync(TestNode node, string key, string? value)
    {
        long begun = history.Begin();
        Answer answer = value is null ? await node.Http.DeleteAsync(key) : await node.Http.PutAsync(key, value);
        if (answer.Outcome == Outcome.Done)
        {
            history.WriteAcknowledged(key, value, answer.Revision, begun);
        }
        else if (answer.Outcome == Outcome.Unknown)
        {
            history.WriteUnknown(key, value);
        }

        // What was refused as not applied is not recorded: a read that ever sees its value is then one that no write explains.
        return answer.Outcome;
    }

    private async Task<Outcome> ReadAsync(TestNode node, string key)
    {
        long begun = history.Begin();
        Answer answer = await node.Http.GetAsync(key);
        if (answer.Outcome == Outcome.Done)
        {
            history.ReadAnswered(key, answer.Value, answer.ModRevision, answer.Revision, begun);
        }

        return answer.Outcome;
    }
}
