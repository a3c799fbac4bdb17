using System.Text.Json;

namespace RaftStore.Cluster.Tests.Harness;

/// <summary>A cluster of real processes on loopback, with data in a temporary directory; all of it is gone afterwards.</summary>
internal sealed class TestCluster : IDisposable
{
    private readonly List<TestNode> _gone = [];

    public TestCluster(int size, params string[] extraArguments)
    {
        ExtraArguments = extraArguments;
        Directory = System.IO.Directory.CreateTempSubdirectory("raftstore-test-").FullName;
        Nodes = [.. Enumerable.Range(1, size).Select(number => new TestNode(this, $"n{number}"))];
        Founders = string.Join(',', Nodes.Select(node => $"{node.Name}={node.PeerAddress}"));
    }

    public string Directory { get; }

    /// <summary>The members. Replaced as a whole, since a load may be going through it.</summary>
    public IReadOnlyList<TestNode> Nodes { get; private set; }

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

    /// <summary>Starts one node more, which joins, and returns once it has a vote.</summary>
    /// <param name="replaced">A member that leaves when the new one gets its vote; the new one bears its name, with a directory and ports of its own.</param>
    public async Task<TestNode> JoinAsync(string name, TestNode? replaced = null)
    {
        var node = new TestNode(this, name) { Joins = string.Join(',', Nodes.Where(other => other != replaced).Select(other => other.ClientAddress)) };
        if (replaced is not null)
        {
            node.DataPath += "-again";
            TestNode asked = Nodes.First(other => other.IsRunning && other != replaced);
            (int status, string body) = await asked.Http.SendJsonAsync(HttpMethod.Post, $"/v1/cluster/members/{name}/replace", $$"""{"name":"{{name}}","peer":"{{node.PeerAddress}}"}""");
            Assert.True(status == 200, $"{status} {body}");
        }

        node.Start();
        Nodes = [.. Nodes.Where(other => other != replaced), node];
        _gone.AddRange(replaced is null ? [] : [replaced]);
        await HoldsAsync($"{name} has a vote", async () => await RoleOfAsync(name) == "voter" && await node.Http.IsReadyAsync(), TimeSpan.FromMinutes(2));
        return node;
    }

    /// <summary>Takes a node out and returns once its process has ended; its exit code.</summary>
    public async Task<int> RemoveAsync(TestNode node)
    {
        TestNode asked = Nodes.First(other => other.IsRunning && other != node);
        await HoldsAsync($"{node.Name} is removed", async () =>
        {
            (int status, string body) = await asked.Http.SendJsonAsync(HttpMethod.Delete, $"/v1/cluster/members/{node.Name}", null);
            Assert.True(status is 200 or 404 or 503 or 504, $"{status} {body}");
            return status is 200 or 404;
        });
        Nodes = [.. Nodes.Where(other => other != node)];
        _gone.Add(node);
        return await node.Process.ExitCodeAsync();
    }

    /// <summary>The role of the member with that name as the leader says it; null where nobody says anything.</summary>
    public async Task<string?> RoleOfAsync(string name)
    {
        foreach (TestNode node in Nodes.Where(node => node.IsRunning))
        {
            if (await node.Http.JsonAsync("/v1/cluster") is { } cluster)
            {
                JsonElement member = cluster.GetProperty("members").EnumerateArray().LastOrDefault(member => member.GetProperty("name").GetString() == name);
                return member.ValueKind == JsonValueKind.Object ? member.GetProperty("role").GetString() : null;
            }
        }

        return null;
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
            // A node that is about to start has none yet.
            term = Math.Max(term, await StatusNumberAsync(node, "term"));
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
        foreach (TestNode node in Nodes.Concat(_gone))
        {
            node.Dispose();
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static string Tail(string output) => output.Length <= 6000 ? output : string.Concat("…", output.AsSpan(output.Length - 6000));
}
