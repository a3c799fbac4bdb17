using System.Globalization;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>A cluster that lost its majority for good, and <c>raftstore recover</c>.</summary>
public sealed class RecoverTests
{
    [Fact]
    public async Task TheLastMember_Recovered_IsAClusterOfOneWithEverythingItHeld()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode left = (await cluster.FollowersAsync())[0];
        string oldCluster = await ClusterIdAsync(left.Http);
        long revision = 0;
        for (int i = 0; i < 50; i++)
        {
            revision = (await cluster.PutAsync(left, $"k{i}", $"v{i}")).Revision;
        }

        Assert.Equal((3, true), await RunAsync("another process", "--data", left.DataPath, "--dry-run"));
        foreach (TestNode node in cluster.Nodes)
        {
            node.Kill();
            if (node != left)
            {
                Directory.Delete(node.DataPath, recursive: true);
            }
        }

        string before = Describe(left.DataPath);
        Assert.Equal((0, true), await RunAsync("Missing may be", "--data", left.DataPath, "--dry-run"));
        Assert.Equal((0, true), await RunAsync($"its revision is {revision}", "--data", left.DataPath, "--dry-run"));
        Assert.Equal(before, Describe(left.DataPath));

        Assert.Equal((0, true), await RunAsync("Done. Cluster ", "--data", left.DataPath, "--bump-revision", "5000"));
        using ServerProcess process = ServerProcess.Start(["--name", left.Name, "--data", left.DataPath, "--listen", left.ClientAddress, "--peer-listen", left.PeerAddress]);
        await cluster.HoldsAsync("the recovered node is ready", left.Http.IsReadyAsync);

        for (int i = 0; i < 50; i++)
        {
            Assert.Equal($"v{i}", (await left.Http.GetAsync($"k{i}")).Value);
        }

        Assert.Equal(revision + 5001, (await left.Http.PutAsync("k0", "after")).Revision);
        string newCluster = await ClusterIdAsync(left.Http);
        Assert.NotEqual(oldCluster, newCluster);
        Assert.Contains(oldCluster, await File.ReadAllTextAsync(Path.Combine(left.DataPath, $"before-{newCluster}", "identity.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_ThatAreWrong_ExitWith2Or3AndChangeNothing()
    {
        string missing = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

        Assert.Equal((2, true), await RunAsync("--data is missing"));
        Assert.Equal((2, true), await RunAsync("--nonsense", "--data", missing, "--nonsense"));
        Assert.Equal((2, true), await RunAsync("--bump-revision", "--data", missing, "--bump-revision", "-1"));
        Assert.Equal((3, true), await RunAsync("no such directory", "--data", missing));
        Assert.Equal((0, true), await RunAsync("--dry-run", "--help"));
        Assert.False(Directory.Exists(missing));
    }

    private static async Task<(int Code, bool Says)> RunAsync(string says, params string[] arguments)
    {
        using ServerProcess process = ServerProcess.Start(["recover", .. arguments]);
        int code = await process.ExitCodeAsync();
        return (code, process.Output.Contains(says, StringComparison.Ordinal) ? true : throw new InvalidOperationException($"Not «{says}», but:\n{process.Output}"));
    }

    private static async Task<string> ClusterIdAsync(NodeClient node) => (await node.JsonAsync("/v1/cluster"))!.Value.GetProperty("clusterId").GetString()!;

    /// <summary>Every file with its length and the hash of its content.</summary>
    private static string Describe(string directory) => string.Join('\n', Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(path => string.Create(CultureInfo.InvariantCulture, $"{path} {new FileInfo(path).Length} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)))}")));
}
