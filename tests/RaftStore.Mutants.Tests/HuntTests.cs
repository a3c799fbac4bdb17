using System.Diagnostics;

namespace RaftStore.Mutants.Tests;

/// <summary>The suite notices every mutant.</summary>
public sealed class HuntTests
{
    /// <summary>More than the 200 seeds within which a mutant must be noticed when its seed is recorded: whoever changes the simulator changes
    /// what every seed draws, and the next record is a matter for the next one who looks.</summary>
    private const string Within = "600";

    /// <summary>The build takes most of it; on a busy machine it is a matter of minutes.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(30);

    [Fact]
    public async Task Suite_EveryMutantSwitchedOnInTurn_NoticesIt()
    {
        ProcessStartInfo start = new(Path.Combine(Repository.Root, "scripts", "mutants.sh"), ["--within", Within]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            // Those of the build that this test runs in would be taken for the new one's.
            start.Environment.Remove(name);
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource deadline = new(Deadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        string said = await output + await errors;
        Assert.True(process.ExitCode == 0, said);
        Assert.Contains($"every mutant was noticed: {MutantList.ReadAll(Repository.Root).Count}", said, StringComparison.Ordinal);

        // And what is looked for in the shipped build would be found where it is.
        string woven = Path.Combine(ShippedBuildTests.OutputOf("RaftStore.Raft", "Mutants"), "RaftStore.Raft.dll");
        Assert.True(ShippedBuildTests.HasSwitch(woven) && ShippedBuildTests.NamesVariable(woven));
        Assert.Contains("names no mutant: none-of-them", await RunWithMutantAsync("none-of-them"), StringComparison.Ordinal);
    }

    private static async Task<string> RunWithMutantAsync(string name)
    {
        string simulation = Path.Combine(ShippedBuildTests.OutputOf("RaftStore.Simulation", "Mutants"), "RaftStore.Simulation.dll");
        ProcessStartInfo start = new("dotnet", [simulation, "--seed", "1"]) { RedirectStandardOutput = true };
        start.Environment[Weaver.Variable] = name;
        using Process process = Process.Start(start)!;
        string said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(6, process.ExitCode);
        return said;
    }
}
