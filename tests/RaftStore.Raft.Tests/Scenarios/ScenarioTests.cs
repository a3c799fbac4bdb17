using System.Runtime.CompilerServices;

namespace RaftStore.Raft.Tests.Scenarios;

/// <summary>Every file in this directory is a story: commands, and the full transcript of what the cores asked for. Run with
/// <c>RAFTSTORE_REWRITE_SCENARIOS=1</c> to write the transcripts anew, and read the difference.</summary>
public sealed class ScenarioTests
{
    public static TheoryData<string> Files() => [.. Directory.GetFiles(OutputDirectory, "*.txt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static string OutputDirectory => Path.Combine(AppContext.BaseDirectory, "Scenarios");

    [Theory]
    [MemberData(nameof(Files))]
    public void Scenario_Commands_GiveExactlyTheTranscript(string file)
    {
        string expected = File.ReadAllText(Path.Combine(OutputDirectory, file)).ReplaceLineEndings("\n");

        string actual = ScenarioRunner.Run(expected);

        if (Environment.GetEnvironmentVariable("RAFTSTORE_REWRITE_SCENARIOS") == "1")
        {
            File.WriteAllText(Path.Combine(SourceDirectory(), file), actual);
            return;
        }

        Assert.Equal(expected, actual);
    }

    private static string SourceDirectory([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
