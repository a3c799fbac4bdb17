using System.Text.Json;

namespace RaftStore.Cluster.Tests.Harness;

/// <summary>A cluster of real processes on loopback, with data in a temporary directory; all of it is gone afterwards.</summary>
internal sealed class TestCluster : IDisposable
{
    public TestCluster(int size, params string[] extraArguments)
    {
        ExtraArguments = extraArguments;
        Directory = System.IO.Directory.CreateTempSubdirectory("raftstore-test-").FullName;
        Nodes = [.. Enumerable.Range(1, size).Select(number => new TestNode(this, $"n{number}"))];
        Founders = string.Join(',', Nodes.Select(node => $"{node.Name}={node.PeerAddress}"));
    }

    public string Directory { get; }

    public IReadOnlyList<TestNode> Nodes { get; }

    /// <summary>What <c>--cluster</c> says.</summary>
    public string Founders { get; }

    public IReadOnlyList<string> ExtraArguments { get; }

    /// <summary>What every node printed, for failures.</summary>
    public string Logs => string.Join("\n\n", Nodes.Select(node => $"--- {node.Name}\n{Tail(node.Output)}"));

    /// <summary>Starts every node and returns once each is ready.</summary>
    public static async Task<TestCluster> StartAsync(int size, params string[] extraArguments)
    {
        var cluster = new TestCluster(size, extraArguments);
        try
        {
            foreach (TestNode node in cluster.Nodes)
            {
                node.Start();
            }

            await cluster.AllReadyAsync();
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>Returns once every node that runs serves linearizable reads.</summary>
    public Task AllReadyAsync() => HoldsAsync("every running node is ready", async () =>
    {
        foreach (TestNode node in Nodes.Where(node => node.IsRunning))
        {
            if (!await node.Http.IsReadyAsync())
            {
                return false;
            }
        }

        return true;
    });

    /// <summary>The node that leads, once one of those that run says of itself that it does, and others do not contradict it.</summary>
    public async Task<TestNode> LeaderAsync(TestNode? otherThan = null)
    {
        TestNode? leader = null;
        await HoldsAsync("some node leads", async () =>
        {
            long highest = -1;
            foreach (TestNode node in Nodes.Where(node => node.IsRunning && node != otherThan))
            {
                if (await node.Http.JsonAsync("/v1/status") is { } status && status.GetProperty("role").GetString() == "leader" && status.GetProperty("term").GetInt64() > highest)
                {
                    highest = status.GetProperty("term").GetInt64();
                    leader = node;
                }
            }

            return leader is not null;
        });
        return leader!;
    }

    public async Task<IReadOnlyList<TestNode>> FollowersAsync()
    {
        TestNode leader = await LeaderAsync();
        return [.. Nodes.Where(node => node != leader)];
    }

    /// <summary>The highest term that any node knows.</summary>
    public async Task<long> TermAsync()
    {
        long term = 0;
        foreach (TestNode node in Nodes)
        {
            term = Math.Max(term, await node.Http.JsonAsync("/v1/status") is { } status ? status.GetProperty("term").GetInt64() : 0);
        }

        return term;
    }

    /// <summary>Writes until it succeeds; for tests that are not about how a write may fail. An attempt whose outcome is
    /// unknown may have taken place, so values must be unique.</summary>
    public async Task<Answer> PutAsync(TestNode node, string key, string value)
    {
        Answer? answer = null;
        await Eventually.HoldsAsync(
            $"a put of {key} at {node.Name} succeeds",
            async () => (answer = await node.Http.PutAsync(key, value)).Outcome == Outcome.Done,
            () => $"The last answer: {answer}\n{Logs}");
        return answer!;
    }

    /// <summary>Reads until it succeeds.</summary>
    public async Task<Answer> GetAsync(TestNode node, string key)
    {
        Answer? answer = null;
        await Eventually.HoldsAsync(
            $"a get of {key} at {node.Name} succeeds",
            async () => (answer = await node.Http.GetAsync(key)).Outcome == Outcome.Done,
            () => $"The last answer: {answer}\n{Logs}");
        return answer!;
    }

    public Task HoldsAsync(string what, Func<Task<bool>> condition, TimeSpan? deadline = null) => Eventually.HoldsAsync(what, condition, () => Logs, deadline);

    /// <summary>A number of a node's status; -1 where it does not answer.</summary>
    public static async Task<long> StatusNumberAsync(TestNode node, string name)
        => await node.Http.JsonAsync("/v1/status") is { } status && status.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : -1;

    public void Dispose()
    {
        foreach (TestNode node in Nodes)
        {
            node.Dispose();
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static string Tail(string output) => output.Length <= 6000 ? output : string.Concat("…", output.AsSpan(output.Length - 6000));
}
