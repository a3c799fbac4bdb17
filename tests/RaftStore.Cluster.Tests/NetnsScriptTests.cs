using System.Diagnostics;
using System.Globalization;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>The cluster in network namespaces, cut by the kernel's packet filter; needs root, ip and nft.</summary>
public sealed class NetnsScriptTests : IDisposable
{
    private static int _clusters;

    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"raftstore-netns-{Guid.NewGuid():n}");
    private readonly string _prefix = string.Create(CultureInfo.InvariantCulture, $"rs{Environment.ProcessId}x{Interlocked.Increment(ref _clusters)}");

    [NetnsFact]
    public async Task LeaderBehindAPacketFilter_IsReplaced_AndEverythingIsRemovedAfterwards()
    {
        await ExpectAsync(0, "up");
        await ExpectAsync(0, "kvctl", "put", "greeting", "hello");
        string leader = LeaderIn(await ExpectAsync(0, "kvctl", "status", "-o", "json"));

        await ExpectAsync(0, "isolate", leader);
        await UntilAsync(async () => await RunAsync("kvctl", "put", "greeting", "cut") is { Code: 0 }, "the others go on");
        Assert.NotEqual(leader, LeaderIn(await ExpectAsync(0, "kvctl", "status", "-o", "json")));
        Assert.Contains("drop", await ExpectAsync(0, "status"), StringComparison.Ordinal);
        await ExpectAsync(0, "heal");

        await ExpectAsync(0, "oneway", "1", "2");
        await ExpectAsync(0, "heal");
        await ExpectAsync(0, "partition", "1,2", "3");
        await UntilAsync(async () => await RunAsync("kvctl", "get", "greeting") is { Code: 0, Output: "cut" }, "two of three go on");
        await ExpectAsync(0, "heal");
        await ExpectAsync(2, "partition", "1", "1,2");
        await ExpectAsync(2, "partition", ",", "3");
        await ExpectAsync(2, "isolate", "4");
        await ExpectAsync(0, "wipe");

        Assert.False(Directory.Exists(_directory), "wipe left something behind");
        Assert.DoesNotContain(_prefix, (await RunProgramAsync("ip", ["netns", "list"])).Output, StringComparison.Ordinal);
    }

    [NetnsFact]
    public async Task PacketsLostAndNodesKilledAndPaused_TheOthersGoOnAndAllComeBack()
    {
        await ExpectAsync(0, "up");
        await ExpectAsync(0, "kvctl", "put", "greeting", "hello");

        await ExpectAsync(0, "loss", "90");
        await ExpectAsync(0, "loss", "10");
        string status = await ExpectAsync(0, "status");
        Assert.Contains("< 10 drop", status, StringComparison.Ordinal);
        Assert.DoesNotContain("< 90 drop", status, StringComparison.Ordinal);
        await UntilAsync(async () => await RunAsync("kvctl", "put", "greeting", "lossy") is { Code: 0 }, "writes go on where one packet in ten is lost");
        await ExpectAsync(0, "heal");

        // What is frozen takes connections and answers nothing, and a write without an answer is not sent again: another node is asked.
        string leader = LeaderIn(await ExpectAsync(0, "kvctl", "status", "-o", "json"));
        string other = leader == "n1" ? "http://10.213.0.2:7400" : "http://10.213.0.1:7400";
        await ExpectAsync(0, "pause", leader);
        await UntilAsync(async () => await RunAsync("kvctl", "--endpoints", other, "put", "greeting", "paused") is { Code: 0 }, "the others go on without the one that is paused");
        foreach (string node in new[] { "1", "2", "3" })
        {
            await ExpectAsync(0, "resume", node);
        }

        await ExpectAsync(0, "kill", "2");
        await UntilAsync(async () => await RunAsync("kvctl", "put", "greeting", "killed") is { Code: 0 }, "the others go on without the one that was killed");
        await ExpectAsync(0, "start", "2");
        await UntilAsync(async () => await RunAsync("kvctl", "get", "greeting") is { Code: 0, Output: "killed" }, "what was written is read again");
        await UntilAsync(async () => await RunAsync("isolate", "leader") is { Code: 0 }, "the leader is found by that word");
        await ExpectAsync(0, "wipe");
    }

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            RunAsync("wipe").GetAwaiter().GetResult();
        }
    }

    private static string LeaderIn(string status) => System.Text.Json.JsonDocument.Parse(status).RootElement.GetProperty("leader").GetString() ?? "";

    private static async Task UntilAsync(Func<Task<bool>> condition, string expectation)
    {
        for (int attempt = 0; attempt < 30; attempt++)
        {
            if (await condition())
            {
                return;
            }
        }

        Assert.Fail($"Not in 30 attempts: {expectation}");
    }

    private async Task<string> ExpectAsync(int expected, params string[] arguments)
    {
        (int code, string output) = await RunAsync(arguments);
        Assert.True(code == expected, $"netns-cluster.sh {string.Join(' ', arguments)} ended with {code}:\n{output}");
        return output;
    }

    private Task<(int Code, string Output)> RunAsync(params string[] arguments) =>
        RunProgramAsync("bash", [Path.Combine(ServerProgram.RepositoryRoot, "scripts", "netns-cluster.sh"), .. arguments]);

    private async Task<(int Code, string Output)> RunProgramAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DATA_DIR"] = _directory, ["NETNS"] = _prefix },
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, process.ExitCode == 0 ? output : output + await error);
    }
}
