using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests.Chaos;

/// <summary><c>kvctl check</c> as a user runs it: against real processes, which it kills and starts again.</summary>
public sealed class GameDayTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"raftstore-gameday-{Guid.NewGuid():n}");
    private readonly string _report = Path.Combine(Path.GetTempPath(), $"raftstore-gameday-{Guid.NewGuid():n}.html");
    private readonly int _basePort = Ports.NextBase();

    private static string Script => Path.Combine(ServerProgram.RepositoryRoot, "scripts", "cluster.sh");

    [Fact]
    public async Task Check_WhileNodesAreKilledAndCutOff_FindsAnOrderAndLeavesEveryNodeRunning()
    {
        (int upCode, string up) = await RunAsync("bash", Script, "up");
        Assert.True(upCode == 0, up);

        (int code, string output) = await RunAsync(
            ServerProgram.DotnetPath, ServerProgram.KvctlPath, "check", "--duration", "15s", "--chaos", "kill,pause,partition,oneway,delay,stall",
            "--cluster-script", Script, "--seed", "4", "--report", _report, "-o", "json");

        Assert.True(code == 0, output);
        JsonElement json = JsonSerializer.Deserialize<JsonElement>(output.Split('\n')[0]);
        Assert.Equal("linearizable", json.GetProperty("verdict").GetString());
        Assert.True(json.GetProperty("faults").GetInt32() >= 1, output);
        Assert.True(json.GetProperty("answered").GetInt32() >= 200, output);
        Assert.Equal(3, json.GetProperty("stateHash").EnumerateObject().Count() - 1);
        Assert.Contains("What was done to the nodes", await File.ReadAllTextAsync(_report), StringComparison.Ordinal);
        (_, string status) = await RunAsync("bash", Script, "status");
        Assert.Equal(3, status.Split('\n').Count(line => line.Contains(" healthy", StringComparison.Ordinal)));
    }

    public void Dispose()
    {
        RunAsync("bash", Script, "wipe").GetAwaiter().GetResult();
        File.Delete(_report);
    }

    private async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["DATA_DIR"] = _directory,
                ["BASE_PORT"] = _basePort.ToString(CultureInfo.InvariantCulture),
                ["KVCTL_ENDPOINTS"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_basePort + 1}"),
            },
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }
}
