using System.Globalization;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>A disk that says no, by strace: the node must believe it, once and for all (exit code 4).</summary>
public sealed class DiskFailureTests
{
    [StraceFact]
    public async Task ASync_ThatFails_EndsTheNodeAndLosesNothingAcknowledged()
    {
        using var cluster = new TestCluster(1);
        TestNode node = cluster.Nodes[0];
        // -D makes strace the child and the server the parent, so that the process that was started is the server itself. The
        // count is per thread: filling a segment with zeros takes 64 syncs, and after that the log's thread fails in the midst of writes.
        string trace = Path.Combine(cluster.Directory, "trace");
        node.Start(["strace", "-D", "-f", "-q", "-o", trace, "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=200+"]);
        await cluster.AllReadyAsync();

        var acknowledged = new List<(string Key, string Value)>();
        while (!node.Process.HasExited && acknowledged.Count < 10_000)
        {
            string value = acknowledged.Count.ToString(CultureInfo.InvariantCulture);
            if ((await node.Http.PutAsync($"k{value}", value)).Outcome == Outcome.Done)
            {
                acknowledged.Add(($"k{value}", value));
            }
        }

        Assert.Equal(4, await node.Process.ExitCodeAsync());
        Assert.Contains("EIO", await File.ReadAllTextAsync(trace), StringComparison.Ordinal);
        string lastLine = node.Process.Output.TrimEnd().Split('\n')[^1];
        Assert.Contains("fdatasync", lastLine, StringComparison.Ordinal);
        Assert.Contains(node.DataPath, lastLine, StringComparison.Ordinal);

        node.Start();
        await cluster.AllReadyAsync();
        Assert.NotEmpty(acknowledged);
        foreach ((string key, string value) in acknowledged)
        {
            Assert.Equal(value, (await cluster.GetAsync(node, key)).Value);
        }
    }

    [StraceFact]
    public async Task ASync_ThatFailsOnTheLeaderOfThree_EndsThatNodeAndTheOthersGoOn()
    {
        using var cluster = new TestCluster(3);
        string trace = Path.Combine(cluster.Directory, "trace");
        TestNode failing = cluster.Nodes[0];
        failing.Start(["strace", "-D", "-f", "-q", "-o", trace, "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=200+"]);
        cluster.Nodes[1].Start();
        cluster.Nodes[2].Start();
        await cluster.AllReadyAsync();

        var acknowledged = new List<string>();
        for (int i = 0; i < 10_000 && !failing.Process.HasExited; i++)
        {
            string value = i.ToString(CultureInfo.InvariantCulture);
            if ((await cluster.Nodes[1 + (i % 2)].Http.PutAsync($"k{value}", value)).Outcome == Outcome.Done)
            {
                acknowledged.Add(value);
            }
        }

        Assert.Equal(4, await failing.Process.ExitCodeAsync());
        await cluster.PutAsync(cluster.Nodes[1], "after", "v");
        Assert.NotEmpty(acknowledged);
        foreach (string value in acknowledged)
        {
            Assert.Equal(value, (await cluster.GetAsync(cluster.Nodes[2], $"k{value}")).Value);
        }
    }
}
