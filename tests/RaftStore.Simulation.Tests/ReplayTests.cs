using System.Diagnostics;
using System.Globalization;

namespace RaftStore.Simulation.Tests;

/// <summary>A run depends on its seed alone. Every process has its own hash seed for strings, its own addresses and its own timing of collections;
/// the rest of what could make a difference is set here.</summary>
public sealed class ReplayTests
{
    [Theory]
    [InlineData(3, "DOTNET_gcServer=0 DOTNET_GCgen0size=0x40000 DOTNET_TieredCompilation=0")]
    [InlineData(17, "DOTNET_gcServer=1 DOTNET_gcConcurrent=1")]
    [InlineData(42, "DOTNET_TieredCompilation=1 DOTNET_TieredPGO=1 DOTNET_gcConcurrent=1")]
    [InlineData(57, "DOTNET_PROCESSOR_COUNT=1 DOTNET_ReadyToRun=0")]
    [InlineData(76, "LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 TZ=Pacific/Kiritimati")]
    public void Seed_RunAgainInAnotherProcess_LeavesTheSameTrace(int seed, string settings)
    {
        SimulationResult here = Simulator.Run((ulong)seed);
        Assert.Equal($"trace hash: {here.TraceHash}", RunElsewhere(seed, settings)[^1]);
    }

    // What the run before has left in a process, such as rented buffers, makes no difference either; nor does a run on another thread.
    [Fact]
    public async Task Seed_RunAgainInTheSameProcessBesideOthers_LeavesTheSameTrace()
    {
        string[] hashes = await Task.WhenAll(new ulong[] { 8, 9, 8, 9 }.Select(seed => Task.Run(() => Simulator.Run(seed, faultyMs: 5_000).TraceHash)));
        Assert.Equal(hashes[..2], hashes[2..]);
    }

    [Fact]
    public void TwoSeeds_LeaveDifferentTraces() => Assert.NotEqual(Simulator.Run(1, 1000).TraceHash, Simulator.Run(2, 1000).TraceHash);

    private static string[] RunElsewhere(int seed, string settings)
    {
        ProcessStartInfo start = new(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { "exec", typeof(Simulator).Assembly.Location, "--seed", seed.ToString(CultureInfo.InvariantCulture) },
        };
        foreach (string setting in settings.Split(' '))
        {
            string[] parts = setting.Split('=', 2);
            start.Environment[parts[0]] = parts[1];
        }

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
