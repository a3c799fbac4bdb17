using System.Text;
using System.Text.Json;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>Data directories that must not be used (exit code 3).</summary>
public sealed class DataDirectoryTests
{
    [Fact]
    public async Task AFollower_Wiped_IsRefusedAndTheOthersGoOn()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode wiped = (await cluster.FollowersAsync())[0];
        TestNode other = cluster.Nodes.First(node => node != wiped);
        await cluster.PutAsync(other, "k", "v");
        wiped.Kill();
        Directory.Delete(wiped.DataPath, recursive: true);

        wiped.Start();

        Assert.Equal(3, await wiped.Process.ExitCodeAsync());
        string lastLine = LastLine(wiped.Process.Output);
        Assert.Contains(wiped.Name, lastLine, StringComparison.Ordinal);
        Assert.Contains("--join", lastLine, StringComparison.Ordinal);
        Assert.Equal("v", (await cluster.GetAsync(other, "k")).Value);
        await cluster.PutAsync(other, "k", "v2");
    }

    // Only the leader in office knows what the node had told it. Where another one leads by the time that the copy is started, there is nothing to be
    // noticed, and all of it is done again.
    [Fact]
    public async Task ADirectory_PutBackFromAnOlderCopy_IsRefusedByWhatTheLeaderRemembers()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode restored = (await cluster.FollowersAsync())[0];
        TestNode other = cluster.Nodes.First(node => node != restored);
        await cluster.HoldsAsync("an older copy is noticed", async () =>
        {
            long term = await StartFromOlderCopyAsync(cluster, restored, other);
            await cluster.HoldsAsync("it ends, or another leads", async () => !restored.IsRunning || await cluster.TermAsync() > term);
            return !restored.IsRunning;
        }, TimeSpan.FromMinutes(10));

        Assert.Equal(3, await restored.Process.ExitCodeAsync());
        string lastLine = LastLine(restored.Process.Output);
        Assert.Contains(restored.DataPath, lastLine, StringComparison.Ordinal);
        Assert.Contains($"kvctl member replace {restored.Name}", lastLine, StringComparison.Ordinal);
        await cluster.PutAsync(other, "k", "v2");
    }

    [Fact]
    public async Task ADirectory_OfAnotherNode_IsRefused()
    {
        using TestCluster cluster = await TestCluster.StartAsync(1);
        TestNode node = cluster.Nodes[0];
        await node.StopAsync();

        using var other = ServerProcess.Start(["--name", "other", "--data", node.DataPath, "--listen", node.ClientAddress, "--peer-listen", node.PeerAddress]);

        Assert.Equal(3, await other.ExitCodeAsync());
        Assert.Contains(node.DataPath, LastLine(other.Output), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADirectory_InUse_IsRefusedAndItsOwnerGoesOn()
    {
        using TestCluster cluster = await TestCluster.StartAsync(1);
        TestNode node = cluster.Nodes[0];

        using var second = ServerProcess.Start(
            ["--name", node.Name, "--data", node.DataPath, "--listen", $"http://127.0.0.1:{Ports.Next()}", "--peer-listen", $"127.0.0.1:{Ports.Next()}"]);

        Assert.Equal(3, await second.ExitCodeAsync());
        Assert.Contains(node.DataPath, LastLine(second.Output), StringComparison.Ordinal);
        await cluster.PutAsync(node, "k", "v");
    }

    [Fact]
    public async Task ADirectory_WithFilesOfOthers_IsRefusedAndLeftAlone()
    {
        using var cluster = new TestCluster(1);
        TestNode node = cluster.Nodes[0];
        Directory.CreateDirectory(node.DataPath);
        await File.WriteAllTextAsync(Path.Combine(node.DataPath, "thesis.txt"), "not ours");

        node.Start();

        Assert.Equal(3, await node.Process.ExitCodeAsync());
        Assert.Equal("not ours", await File.ReadAllTextAsync(Path.Combine(node.DataPath, "thesis.txt")));
    }

    [Fact]
    public async Task ALog_WithAFlippedBitInWhatWasAcknowledged_IsRefusedNamingFileAndOffset()
    {
        using TestCluster cluster = await TestCluster.StartAsync(1);
        TestNode node = cluster.Nodes[0];
        for (int i = 0; i < 20; i++)
        {
            await cluster.PutAsync(node, $"k{i}", $"needle number {i} in the log");
        }

        Assert.Equal(0, await node.StopAsync());
        (string file, long offset) = Find(Path.Combine(node.DataPath, "wal"), "needle number 10 in");
        Flip(file, offset);

        node.Start();

        Assert.Equal(3, await node.Process.ExitCodeAsync());
        string lastLine = LastLine(node.Process.Output);
        Assert.Contains(file, lastLine, StringComparison.Ordinal);
        Assert.Matches(@"offset \d+", lastLine);
    }

    [Fact]
    public async Task ALogOfOneOfThree_WithAFlippedBit_StopsThatNodeOnly()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode damaged = (await cluster.FollowersAsync())[0];
        TestNode other = cluster.Nodes.First(node => node != damaged);
        for (int i = 0; i < 20; i++)
        {
            await cluster.PutAsync(other, $"k{i}", $"needle number {i} in the log");
        }

        await cluster.HoldsAsync($"{damaged.Name} has the last write", async () => (await damaged.Http.GetAsync("k19", "stale")).Value is not null);
        damaged.Kill();
        (string file, long offset) = Find(Path.Combine(damaged.DataPath, "wal"), "needle number 3 in");
        Flip(file, offset);

        damaged.Start();

        Assert.Equal(3, await damaged.Process.ExitCodeAsync());
        Assert.Equal("needle number 3 in the log", (await cluster.GetAsync(other, "k3")).Value);
    }

    /// <summary>Copies a node's directory, lets the node acknowledge what the copy does not hold, and starts it from the copy.</summary>
    /// <returns>The term whose leader has that acknowledgement, and remembers it for as long as it leads.</returns>
    private static async Task<long> StartFromOlderCopyAsync(TestCluster cluster, TestNode restored, TestNode other)
    {
        restored.Kill();
        string copy = restored.DataPath + "-copy";
        Directory.CreateDirectory(Path.Combine(copy, "wal"));
        Directory.CreateDirectory(Path.Combine(copy, "snapshots"));
        foreach (string file in Directory.EnumerateFiles(restored.DataPath, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(copy, Path.GetRelativePath(restored.DataPath, file)));
        }

        restored.Start();
        await cluster.AllReadyAsync();
        await cluster.PutAsync(other, "k", Guid.NewGuid().ToString());
        long? term = null;
        await cluster.HoldsAsync("the leader knows that it has the write", async () => (term = await TermInWhichItIsUpToDateAsync(cluster, restored)) is not null);
        restored.Kill();
        Directory.Delete(restored.DataPath, recursive: true);
        Directory.Move(copy, restored.DataPath);
        restored.Start();
        return term!.Value;
    }

    private static async Task<long?> TermInWhichItIsUpToDateAsync(TestCluster cluster, TestNode node)
    {
        if (await (await cluster.LeaderAsync()).Http.JsonAsync("/v1/cluster") is not { } view)
        {
            return null;
        }

        JsonElement member = view.GetProperty("members").EnumerateArray().Single(member => member.GetProperty("name").GetString() == node.Name);
        bool knows = member.TryGetProperty("matchIndex", out JsonElement match) && match.GetInt64() >= view.GetProperty("commitIndex").GetInt64();
        return knows ? view.GetProperty("term").GetInt64() : null;
    }

    private static string LastLine(string output) => output.TrimEnd().Split('\n')[^1];

    private static (string File, long Offset) Find(string directory, string text)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(text);
        foreach (string file in Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal))
        {
            int place = File.ReadAllBytes(file).AsSpan().IndexOf(wanted);
            if (place >= 0)
            {
                return (file, place);
            }
        }

        throw new InvalidOperationException($"No file in {directory} holds «{text}».");
    }

    private static void Flip(string file, long offset)
    {
        using FileStream stream = File.Open(file, FileMode.Open);
        stream.Position = offset;
        int value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ 0x10));
    }
}
