using System.Globalization;
using System.Text.Json;
using RaftStore.Cluster.Tests.Harness;
using RaftStore.Verification;

namespace RaftStore.Cluster.Tests.Chaos;

/// <summary>Concurrent clients over all nodes while random nodes are killed, frozen and restarted.</summary>
/// <remarks><c>CHAOS_SECONDS</c> (20) and <c>CHAOS_SEED</c> change the run. The seed decides what is done to whom in
/// which order; when exactly, the machine decides, so a seed narrows a failure down and does not replay it.</remarks>
public sealed class ChaosTests(Xunit.Abstractions.ITestOutputHelper output)
{
    [Fact]
    public async Task RandomNodes_KilledPausedAndRestartedUnderLoad_LoseNothingAcknowledged()
    {
        int seconds = Setting("CHAOS_SECONDS", 20);
        int seed = Setting("CHAOS_SEED", 20_26);
        using TestCluster cluster = await TestCluster.StartAsync(3, "--snapshot-log-size", "1048576");
        var history = new AcknowledgedHistory();
        using var load = new ClientLoad(cluster, history, seed, clients: 8, keys: 16);
        var nemesis = new Nemesis(cluster, new Random(seed));
        load.Start();

        await nemesis.RunAsync(TimeSpan.FromSeconds(seconds));
        Assert.All(cluster.Nodes, node => Assert.True(node.IsRunning, $"{node.Name} ended by itself:\n{node.Output}"));
        await cluster.AllReadyAsync();
        await load.DoneAsync(100);
        await load.StopAsync();
        output.WriteLine($"seed {seed}, {seconds} s: {load.Summary}; {nemesis.Summary}");

        await load.CheckAsync();
        await SameStateAsync(cluster);
        Assert.True(load.Done > 20L * seconds, $"the cluster hardly served: {load.Summary}");
        Assert.True(nemesis.Deeds >= seconds / 4, $"the nemesis hardly did anything: {nemesis.Summary}");
    }

    /// <summary>At rest every node has applied the same entries, and then all state hashes of equal indexes are equal.</summary>
    private static async Task SameStateAsync(TestCluster cluster)
    {
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        await cluster.HoldsAsync("every node has recorded a state hash at the same index", async () =>
        {
            hashes.Clear();
            long? index = null;
            foreach (TestNode node in cluster.Nodes)
            {
                if (await node.Http.JsonAsync("/v1/status") is not { } status || !status.TryGetProperty("stateHash", out JsonElement hash) || hash.ValueKind != JsonValueKind.Object)
                {
                    return false;
                }

                index ??= hash.GetProperty("index").GetInt64();
                if (hash.GetProperty("index").GetInt64() != index)
                {
                    return false;
                }

                hashes[node.Name] = hash.GetProperty("hash").GetString()!;
            }

            return true;
        });
        Assert.True(hashes.Values.Distinct().Count() == 1, $"the states differ: {string.Join(", ", hashes.OrderBy(hash => hash.Key, StringComparer.Ordinal))}");
    }

    private static int Setting(string name, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
