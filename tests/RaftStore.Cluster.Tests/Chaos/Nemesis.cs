using System.Globalization;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests.Chaos;

/// <summary>Hurts one cluster, mostly one node at a time, now and then all of them.</summary>
internal sealed class Nemesis(TestCluster cluster, Random random)
{
    private int _kills;
    private int _pauses;
    private int _stops;
    private int _blackouts;

    /// <summary>How often it did anything.</summary>
    public int Deeds => _kills + _pauses + _stops + _blackouts;

    public string Summary => string.Create(CultureInfo.InvariantCulture, $"{_kills} killed, {_pauses} paused, {_stops} stopped in order, {_blackouts} times all killed at once");

    /// <summary>Goes on for a time and leaves every node running.</summary>
    public async Task RunAsync(TimeSpan time)
    {
        using var over = new CancellationTokenSource(time);
        while (!over.IsCancellationRequested)
        {
            TestNode node = cluster.Nodes[random.Next(cluster.Nodes.Count)];
            await (random.Next(10) switch
            {
                < 4 => KillAsync(node),
                < 7 => PauseAsync(node),
                < 9 => StopAsync(node),
                _ => KillAllAsync(),
            });
            await PassAsync(300, 2000);
        }
    }

    private async Task KillAsync(TestNode node)
    {
        _kills++;
        node.Kill();
        await PassAsync(0, 1500);
        node.Start();
    }

    private async Task PauseAsync(TestNode node)
    {
        _pauses++;
        node.Pause();
        await PassAsync(200, 3500);
        node.Resume();
    }

    private async Task StopAsync(TestNode node)
    {
        _stops++;
        // Before a process has begun to listen for signals, SIGTERM ends it as it ends any other.
        await cluster.HoldsAsync($"{node.Name} is alive", node.Http.IsAliveAsync);
        int code = await node.StopAsync();
        Assert.True(code == 0, $"{node.Name} ended with {code} when it was asked to end:\n{node.Output}");
        await PassAsync(0, 1000);
        node.Start();
    }

    private async Task KillAllAsync()
    {
        _blackouts++;
        foreach (TestNode node in cluster.Nodes)
        {
            node.Kill();
        }

        await PassAsync(0, 300);
        foreach (TestNode node in cluster.Nodes)
        {
            node.Start();
        }

        await cluster.AllReadyAsync();
    }

    private Task PassAsync(int fromMs, int toMs) => Eventually.PassAsync(TimeSpan.FromMilliseconds(1 + random.Next(fromMs, toMs)));
}
