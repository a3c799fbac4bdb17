using System.Diagnostics;
using System.Globalization;

namespace RaftStore.Simulation.Tests;

public sealed class ReplayTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(42)]
    public void Seed_RunAgainInAnotherProcess_LeavesTheSameTrace(int seed)
    {
        SimulationResult here = Simulator.Run((ulong)seed);
        string[] there = RunElsewhere(seed);
        Assert.Equal($"trace hash: {here.TraceHash}", there[^1]);
    }

    [Fact]
    public void TwoSeeds_LeaveDifferentTraces() => Assert.NotEqual(Simulator.Run(1, 1000).TraceHash, Simulator.Run(2, 1000).TraceHash);

    // Another process has another hash seed for strings, other addresses and another garbage collector's timing.
    private static string[] RunElsewhere(int seed)
    {
        ProcessStartInfo start = new(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { "exec", typeof(Simulator).Assembly.Location, "--seed", seed.ToString(CultureInfo.InvariantCulture) },
            Environment = { ["DOTNET_gcServer"] = "0", ["DOTNET_GCgen0size"] = "1000000", ["DOTNET_TieredCompilation"] = "0" },
        };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
