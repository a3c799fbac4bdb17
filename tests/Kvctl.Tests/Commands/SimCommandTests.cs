using System.Diagnostics;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Tests.Fakes;
using RaftStore.Simulation;

namespace RaftStore.Kvctl.Tests.Commands;

public sealed class SimCommandTests
{
    private const string SimulationName = "RaftStore.Simulation.dll";

    [Fact]
    public async Task Sim_OneSeed_TellsItsStoryAndEndsWithTheTraceHashOfThatRun()
    {
        Shell.Ran ran = await Run("sim", "--seed", "7");

        string[] lines = ran.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((ExitCode.Ok, ""), (ran.Code, ran.Error));
        Assert.Equal($"trace hash: {Simulator.Run(7).TraceHash}", lines[^1]);
        Assert.StartsWith("every rule held for ", lines[^2], StringComparison.Ordinal);
        Assert.StartsWith("seed 7: ", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains(" ms  ", StringComparison.Ordinal) && line.Contains(" leads term ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("committed to entry ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("everything is healed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sim_SomeSeeds_ShowsProgressOnTheStandardErrorAndEndsWithTheVerdict()
    {
        Shell.Ran ran = await Run("sim", "--seeds", "3", "--first", "40");

        Assert.Equal(ExitCode.Ok, ran.Code);
        Assert.StartsWith("every rule held in 3 runs: ", ran.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], StringComparison.Ordinal);
        Assert.Contains("3 of 3 seeds, 0 failed", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sim_Help_NamesItsOptionsAndTheExitCode()
    {
        Shell.Ran ran = await Run("sim", "--help");

        Assert.Equal(ExitCode.Ok, ran.Code);
        Assert.Contains("--seeds", ran.Text, StringComparison.Ordinal);
        Assert.Contains("Exits with 6", ran.Text, StringComparison.Ordinal);
    }

    // What a command does not need costs its start nothing: with that file spoilt, only sim fails.
    [Fact]
    public void Get_WhereTheSimulatorCannotBeLoaded_RunsAsBefore()
    {
        string from = Path.GetDirectoryName(typeof(CommandRunner).Assembly.Location)!;
        DirectoryInfo to = Directory.CreateTempSubdirectory("kvctl-");
        try
        {
            foreach (string file in Directory.EnumerateFiles(from).Where(file => Path.GetExtension(file) is ".dll" or ".json"))
            {
                File.Copy(file, Path.Combine(to.FullName, Path.GetFileName(file)));
            }

            File.WriteAllText(Path.Combine(to.FullName, SimulationName), "not an assembly");
            Assert.Equal(ExitCode.Unavailable, RunProcess(to.FullName, "--endpoints", "127.0.0.1:1", "get", "key").Code);
            Assert.Equal(ExitCode.Usage, RunProcess(to.FullName, "sim", "--seeds", "0").Code);
            (int code, string error) = RunProcess(to.FullName, "sim", "--seed", "1");
            Assert.NotEqual(ExitCode.Ok, code);
            Assert.Contains("RaftStore.Simulation", error, StringComparison.Ordinal);
        }
        finally
        {
            to.Delete(recursive: true);
        }
    }

    private static Task<Shell.Ran> Run(params string[] args) => Shell.RunAsync(args, [], isTerminal: false, _ => null);

    private static (int Code, string Error) RunProcess(string directory, params string[] args)
    {
        ProcessStartInfo start = new("dotnet", ["exec", Path.Combine(directory, "kvctl.dll"), .. args]) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
