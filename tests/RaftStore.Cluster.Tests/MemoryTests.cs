using System.Globalization;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>A node that is given less memory than its data need.</summary>
public sealed class MemoryTests
{
    private const int ValueBytes = 1_000_000;

    /// <summary>Exit code of a process that the runtime itself has ended: it found no memory to tell anybody.</summary>
    private const int Aborted = 128 + 6;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task ANode_WhoseMemoryRunsOut_EndsAndTheOthersGoOnWithEverythingAcknowledged()
    {
        using var cluster = new TestCluster(3);
        TestNode poor = cluster.Nodes[0];
        poor.Start(["env", "DOTNET_GCHeapHardLimit=0x5000000"]);
        cluster.Nodes[1].Start();
        cluster.Nodes[2].Start();
        await cluster.AllReadyAsync();

        string filling = new('x', ValueBytes);
        List<string> acknowledged = [];
        await cluster.HoldsAsync("the poor node ends", async () =>
        {
            // Each value is another key's, so that all of them have to be kept.
            string key = string.Create(CultureInfo.InvariantCulture, $"fill/{acknowledged.Count}");
            if (!poor.Process.HasExited && (await cluster.Nodes[1 + (acknowledged.Count % 2)].Http.PutAsync(key, key + filling)).Outcome == Outcome.Done)
            {
                acknowledged.Add(key);
            }

            return poor.Process.HasExited;
        }, Deadline);

        Assert.Contains(await poor.Process.ExitCodeAsync(Deadline), (int[])[5, Aborted]);
        await cluster.PutAsync(cluster.Nodes[1], "after", "v");
        poor.Start();
        await cluster.HoldsAsync("it serves once it has the memory", poor.Http.IsReadyAsync, Deadline);
        Assert.NotEmpty(acknowledged);
        foreach (string key in acknowledged)
        {
            Assert.Equal(key + filling, (await cluster.GetAsync(poor, key)).Value);
        }
    }
}
