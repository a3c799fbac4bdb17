using System.Diagnostics;
using System.Globalization;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>The first five minutes of a newcomer, as the README tells them, on ports and in a directory of their own.</summary>
public sealed class ScriptTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"raftstore-script-{Guid.NewGuid():n}");
    private readonly int _basePort = Ports.NextBase();

    [Fact]
    public async Task TheReadme_FollowedStepByStep_HoldsWhatItPromises()
    {
        (int code, string output) = await RunAsync("cluster.sh", "up");
        Assert.True(code == 0, output);
        Assert.All(["n1", "n2", "n3", "leader", "Three things to try"], word => Assert.Contains(word, output, StringComparison.Ordinal));

        await ExpectAsync(0, "kvctl", "put", "greeting", "hello");
        Assert.Equal("hello", (await ExpectAsync(0, "kvctl", "get", "greeting")).Trim());
        await ExpectAsync(0, "cluster.sh", "kill", "leader");
        Assert.Equal("hello", (await ExpectAsync(0, "kvctl", "get", "greeting")).Trim());
        await ExpectAsync(0, "kvctl", "put", "greeting", "again");

        string status = await ExpectAsync(0, "cluster.sh", "status");
        string killed = status.Split('\n').Single(line => line.Contains("stopped", StringComparison.Ordinal)).Split(' ')[0];
        await ExpectAsync(0, "cluster.sh", "start", killed);
        await ExpectAsync(0, "cluster.sh", "pause", "leader");
        Assert.Equal("again", (await ExpectAsync(0, "kvctl", "get", "greeting")).Trim());

        // Once more: what runs is left alone, what is paused goes on.
        await ExpectAsync(0, "cluster.sh", "up");
        Assert.DoesNotContain("paused", await ExpectAsync(0, "cluster.sh", "status"), StringComparison.Ordinal);

        // The network is cut in earnest: who led is alone, and the others go on without it.
        await ExpectAsync(0, "cluster.sh", "isolate", "leader");
        await PutInTheEndAsync("greeting", "cut");
        Assert.Contains("lost", await ExpectAsync(0, "kvctl", "chaos", "status"), StringComparison.Ordinal);
        await ExpectAsync(0, "cluster.sh", "heal");
        await ExpectAsync(0, "cluster.sh", "partition", "1,2", "3");
        Assert.Equal("cut", (await ExpectAsync(0, "kvctl", "get", "greeting")).Trim());
        await ExpectAsync(0, "cluster.sh", "heal");
        await ExpectAsync(2, "cluster.sh", "partition", "1,2");
        await ExpectAsync(0, "kvctl", "put", "greeting", "again");
        await ExpectAsync(2, "cluster.sh", "kill", "4");
        await ExpectAsync(0, "cluster.sh", "down");
        Assert.Contains("stopped", await RunAsync("cluster.sh", "status") is var down ? down.Output : string.Empty, StringComparison.Ordinal);

        await ExpectAsync(0, "cluster.sh", "up");
        Assert.Equal("again", (await ExpectAsync(0, "kvctl", "get", "greeting")).Trim());

        // The same cluster grows to five, loses the disk of one, and gives two away again.
        Assert.Equal(5, CountHealthy(await ExpectAsync(0, "cluster.sh", "up", "5")));
        await ExpectAsync(0, "cluster.sh", "kill", "1");
        Directory.Delete(Path.Combine(_directory, "n1"), recursive: true);
        Assert.Contains("cluster.sh replace 1", await ExpectAsync(1, "cluster.sh", "start", "1"), StringComparison.Ordinal);
        Assert.Equal(5, CountHealthy(await ExpectAsync(0, "cluster.sh", "replace", "1")));
        Assert.Equal(4, CountHealthy(await ExpectAsync(0, "cluster.sh", "remove", "leader")));
        await ExpectAsync(2, "cluster.sh", "up", "3");
        Assert.Equal("again", (await ExpectAsync(0, "kvctl", "get", "greeting")).Trim());
        await ExpectAsync(0, "cluster.sh", "wipe");
        Assert.False(Directory.Exists(_directory), "wipe left something behind");
    }

    [Fact]
    public async Task ClusterOfFive_Started_HasFiveHealthyNodes()
    {
        Assert.Equal(5, CountHealthy(await ExpectAsync(0, "cluster.sh", "up", "5")));
    }

    public void Dispose() => RunAsync("cluster.sh", "wipe").GetAwaiter().GetResult();

    private static int CountHealthy(string table) => table.Split('\n').Count(line => line.Contains(" healthy", StringComparison.Ordinal));

    /// <summary>Until a leader that was cut off knows that it leads nobody, it takes writes whose outcome nobody can know.</summary>
    private async Task PutInTheEndAsync(string key, string value)
    {
        int code;
        string output;
        int attempts = 0;
        do
        {
            (code, output) = await RunAsync("kvctl", "put", key, value);
        }
        while (code is 4 or 5 && ++attempts < 20);
        Assert.True(code == 0, output);
    }

    private async Task<string> ExpectAsync(int expected, string script, params string[] arguments)
    {
        (int code, string output) = await RunAsync(script, arguments);
        Assert.True(code == expected, $"{script} {string.Join(' ', arguments)} ended with {code}:\n{output}");
        return output;
    }

    private async Task<(int Code, string Output)> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(ServerProgram.RepositoryRoot, "scripts", script), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["DATA_DIR"] = _directory,
                ["BASE_PORT"] = _basePort.ToString(CultureInfo.InvariantCulture),
                ["KVCTL_ENDPOINTS"] = string.Join(',', Enumerable.Range(1, 5).Select(node => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_basePort + node}"))),
            },
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, script == "kvctl" && process.ExitCode == 0 ? output : output + await errors);
    }
}
