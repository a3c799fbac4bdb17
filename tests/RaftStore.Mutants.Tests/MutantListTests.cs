using System.Text.RegularExpressions;

namespace RaftStore.Mutants.Tests;

public sealed class MutantListTests
{
    private const string Sample = """
        For the reader.

        = off-by-one
        A counter
        began at one.
        seed: 7
        @@ src/A/One.cs
        -int count = 0;
        +int count = Mutant.IsOn("off-by-one") ? 1 : 0;

        = lost-line
        A line was lost.
        test: A.Tests Line_Lost_IsMissed
        @@ src/A/One.cs
         Begin();
        -End();
        +if (!Mutant.IsOn("lost-line"))
        +    End();
        """;

    private const string Source = "int count = 0;\nBegin();\nEnd();\nint count = 0; // another line\n";

    [Fact]
    public void Parse_ASample_HoldsWhatItSays()
    {
        IReadOnlyList<KnownMutant> mutants = MutantList.Parse(Sample, "sample");

        Assert.Equal(["off-by-one", "lost-line"], mutants.Select(mutant => mutant.Name));
        Assert.Equal("A counter began at one.", mutants[0].World);
        Assert.Equal(7ul, mutants[0].Seed);
        Assert.Null(mutants[0].Test);
        Assert.Equal(new NamedTest("A.Tests", "Line_Lost_IsMissed"), mutants[1].Test);
        Assert.Equal(new Edit("src/A/One.cs", "Begin();\nEnd();", "Begin();\nif (!Mutant.IsOn(\"lost-line\"))\n    End();"), Assert.Single(mutants[1].Edits));
    }

    [Theory]
    [InlineData("= Big\nIt was.\n@@ a.cs\n-a\n+Mutant.IsOn(\"Big\")", "a name")]
    [InlineData("= small\n@@ a.cs\n-a\n+Mutant.IsOn(\"small\")", "a sentence")]
    [InlineData("= small\nIt was.\n", "something that it changes")]
    [InlineData("= small\nIt was.\n@@ a.cs\n-a\n+b", "Mutant.IsOn(\"small\")")]
    [InlineData("= small\nIt was.\n@@ a.cs\n-a\nnothing\n", "«nothing» is no part")]
    public void Parse_AListThatLacksSomething_IsRefusedByName(string list, string named)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => MutantList.Parse(list, "sample"));

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weave_ASample_ChangesWholeLinesOnly()
    {
        string woven = Weaver.Weave("src/A/One.cs", Source, MutantList.Parse(Sample, "sample"));

        Assert.Equal("int count = Mutant.IsOn(\"off-by-one\") ? 1 : 0;\nBegin();\nif (!Mutant.IsOn(\"lost-line\"))\n    End();\nint count = 0; // another line\n", woven);
    }

    [Theory]
    [InlineData("", "0 times")]
    [InlineData("int count = 0;\nBegin();\nEnd();\nint count = 0;\n", "2 times")]
    public void Weave_AnOriginalThatDoesNotStandThereOnce_IsRefused(string source, string named)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => Weaver.Weave("src/A/One.cs", source, MutantList.Parse(Sample, "sample")));

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weave_TwoMutantsOfTheSameLines_AreRefused()
    {
        string list = Sample + "\n\n= third\nIt was.\n@@ src/A/One.cs\n-Begin();\n+Mutant.IsOn(\"third\");";

        FormatException refusal = Assert.Throws<FormatException>(() => Weaver.Weave("src/A/One.cs", Source, MutantList.Parse(list, "sample")));

        Assert.Contains("change the same lines", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithSeed_OldAndNew_StandsBeforeTheFirstEdit()
    {
        string recorded = SeedRecord.WithSeed(SeedRecord.WithSeed(Sample, "off-by-one", 9), "lost-line", 12);

        Assert.Equal([9ul, 12ul], MutantList.Parse(recorded, "sample").Select(mutant => mutant.Seed));
    }

    [Fact]
    public void Lists_EveryOriginal_StandsInItsFileExactlyOnce()
    {
        IReadOnlyList<KnownMutant> mutants = MutantList.ReadAll(Repository.Root);

        foreach (string path in mutants.SelectMany(mutant => mutant.Edits).Select(edit => edit.Path).Distinct())
        {
            string source = File.ReadAllText(Path.Combine(Repository.Root, path));
            string woven = Weaver.Weave(path, source, mutants);
            Assert.StartsWith("src/", path, StringComparison.Ordinal);
            Assert.NotEqual(source, woven);
        }
    }

    [Fact]
    public void Lists_EveryMutant_HasItsRowInTheDocument()
    {
        string[] rows = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "verification.md"));

        foreach (KnownMutant mutant in MutantList.ReadAll(Repository.Root))
        {
            string row = Assert.Single(rows, row => row.StartsWith($"| `{mutant.Name}` |", StringComparison.Ordinal));
            Assert.Contains(mutant.Test is { } test ? $"`{test.Name}`" : $"| {mutant.Seed} |", row, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Lists_EveryNamedTest_IsThere()
    {
        foreach (NamedTest test in MutantList.ReadAll(Repository.Root).Select(mutant => mutant.Test).OfType<NamedTest>())
        {
            string[] sources = Directory.GetFiles(Path.Combine(Repository.Root, "tests", test.Project), "*.cs", SearchOption.AllDirectories);
            Assert.Contains(sources, source => Regex.IsMatch(File.ReadAllText(source), $@"\b{test.Name}\("));
        }
    }
}
