namespace RaftStore.Mutants;

/// <summary>Switches on one mutant after the other, in processes of their own, until the simulator or the test named for it notices.</summary>
public sealed class Hunt(string repository, HuntOptions options, TextWriter output)
{
    /// <summary>Silence after which a run counts as hanging. An unchanged run takes a second or two; this leaves a busy machine a hundred times that.</summary>
    private static readonly TimeSpan SilenceMax = TimeSpan.FromMinutes(4);

    /// <summary>A mutant may allocate without end; an unchanged run needs a fraction of this.</summary>
    private const string HeapBytesMax = "0x80000000"; // 2 GiB

    private readonly Lock _gate = new();

    /// <summary>Looks for all of them, as many at a time as there are cores.</summary>
    /// <returns>0 where every mutant was noticed and the unchanged code was not; 6 otherwise.</returns>
    public async Task<int> RunAsync()
    {
        List<Finding> findings = [];
        ParallelOptions perCore = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
        await Parallel.ForEachAsync(options.Mutants, perCore, async (mutant, _) =>
        {
            Note(findings, mutant.Test is { } test ? await LookWithTestAsync(mutant, test) : await LookWithSeedsAsync(mutant));
        });

        foreach (Finding finding in options.Record ? findings.Where(one => one.Seed > 0) : [])
        {
            SeedRecord.Write(repository, finding.Mutant.Name, finding.Seed);
        }

        string? falseAlarm = await LookAtUnchangedAsync(findings);
        return Conclude(findings, falseAlarm);
    }

    private void Note(List<Finding> findings, Finding finding)
    {
        lock (_gate)
        {
            findings.Add(finding);
            output.WriteLine($"{(finding.IsKilled ? "killed  " : "SURVIVED")} {finding.Mutant.Name}: {finding.What}");
        }
    }

    private int Conclude(List<Finding> findings, string? falseAlarm)
    {
        if (falseAlarm is not null)
        {
            output.WriteLine($"FALSE ALARM: without any mutant too: {falseAlarm}");
        }

        Finding[] survivors = [.. findings.Where(finding => !finding.IsKilled)];
        output.WriteLine(survivors.Length == 0
            ? $"every mutant was noticed: {findings.Count}"
            : $"{survivors.Length} of {findings.Count} mutants survived: {string.Join(", ", survivors.Select(finding => finding.Mutant.Name))}");
        return survivors.Length == 0 && falseAlarm is null ? 0 : 6;
    }

    private async Task<Finding> LookWithSeedsAsync(KnownMutant mutant)
    {
        string range = $"1-{options.Within}";
        string[] seeds = options.Anew || mutant.Seed == 0 ? [range] : [$"{mutant.Seed}", range];
        Watched run = await SimulateAsync(mutant.Name, seeds);
        return run.ExitCode == 0 && !run.IsHanging
            ? new Finding(mutant, IsKilled: false, 0, $"every rule held in {options.Within} runs")
            : new Finding(mutant, IsKilled: run.Seed > 0, run.Seed, Describe(run));
    }

    private async Task<Finding> LookWithTestAsync(KnownMutant mutant, NamedTest test)
    {
        Watched run = await TestAsync(mutant.Name, test);
        bool hasFailed = run.Lines.Any(line => line.StartsWith("Failed!", StringComparison.Ordinal));
        return new Finding(mutant, hasFailed, 0, hasFailed ? $"{test.Name} failed" : $"{test.Name} of {test.Project} did not fail");
    }

    // What is noticed in the unchanged code too says nothing about a mutant.
    private async Task<string?> LookAtUnchangedAsync(IReadOnlyList<Finding> findings)
    {
        string[] seeds = [.. findings.Where(finding => finding.Seed > 0).Select(finding => finding.Seed).Distinct().Order().Select(seed => $"{seed}")];
        if (seeds.Length > 0 && await SimulateAsync(null, seeds) is { } run && (run.ExitCode != 0 || run.IsHanging))
        {
            return Describe(run);
        }

        foreach (NamedTest test in findings.Select(finding => finding.Mutant.Test).OfType<NamedTest>().Distinct())
        {
            Watched unchanged = await TestAsync(null, test);
            if (unchanged.ExitCode != 0 || !unchanged.Lines.Any(line => line.StartsWith("Passed!", StringComparison.Ordinal)))
            {
                return $"{test.Name} of {test.Project} does not pass";
            }
        }

        return null;
    }

    private Task<Watched> SimulateAsync(string? mutant, IReadOnlyList<string> seeds)
    {
        string program = Path.Combine(repository, "src/RaftStore.Simulation/bin/Mutants/net10.0/RaftStore.Simulation.dll");
        return Watched.RunAsync(repository, mutant, HeapBytesMax, SilenceMax, [program, "--until-failure", .. seeds]);
    }

    private Task<Watched> TestAsync(string? mutant, NamedTest test) => Watched.RunAsync(
        repository,
        mutant,
        HeapBytesMax,
        SilenceMax,
        ["test", $"tests/{test.Project}/{test.Project}.csproj", "-c", "Mutants", "--no-build", "--nologo", "--filter", $"FullyQualifiedName~{test.Name}"]);

    private static string Describe(Watched run)
    {
        string failure = run.Lines.FirstOrDefault(line => line.StartsWith("FAILED: ", StringComparison.Ordinal)) is { } failed ? failed["FAILED: ".Length..]
            : run.IsHanging ? $"seed {run.Seed}: hangs"
            : $"seed {run.Seed}: the process ended with code {run.ExitCode}: {(run.Lines.Count > 0 ? run.Lines[^1] : "")}";
        return failure.Length <= 400 ? failure : failure[..400] + "…";
    }
}
