using RaftStore.House.Tests.Scanning;

namespace RaftStore.House.Tests;

/// <summary>Who may refer to whom. A dependency that is not drawn here is a decision, not an edit.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["RaftStore.Raft"] = [],
        ["RaftStore.Storage"] = ["RaftStore.Raft"],
        ["RaftStore.Kv"] = [],
        ["RaftStore.Node"] = ["RaftStore.Kv", "RaftStore.Raft", "RaftStore.Storage"],
        ["RaftStore.Server"] = ["RaftStore.Node"],
        ["RaftStore.Client"] = [],
        ["RaftStore.Verification"] = [],
        ["RaftStore.Simulation"] = ["RaftStore.Node", "RaftStore.Verification"],
        ["kvctl"] = ["RaftStore.Client", "RaftStore.Node", "RaftStore.Simulation", "RaftStore.Verification"],
    };

    [Fact]
    public void SourceProjects_TheirReferences_AreThoseOfTheDrawing()
    {
        Rule.AssertNone(Repository.Files(".csproj").Where(path => path.StartsWith("src/", StringComparison.Ordinal))
            .SelectMany(path => Violations(Path.GetFileNameWithoutExtension(path), Repository.Read(path))));
    }

    [Fact]
    public void SourceProjects_TheDrawing_NamesEveryOneOfThem()
    {
        IEnumerable<string> names = Repository.Files(".csproj").Where(path => path.StartsWith("src/", StringComparison.Ordinal)).Select(path => Path.GetFileNameWithoutExtension(path)!);

        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Solution_EveryProjectFile_IsPartOfIt()
    {
        string solution = Repository.Read("RaftStore.sln").Replace('\\', '/');

        Assert.All(Repository.Files(".csproj"), path => Assert.Contains($"\"{path}\"", solution, StringComparison.Ordinal));
    }

    [Fact]
    public void Violations_AnArrowThatIsNotDrawn_IsNamed()
    {
        const string Project = """<Project><ItemGroup><ProjectReference Include="..\RaftStore.Node\RaftStore.Node.csproj" /></ItemGroup></Project>""";

        Assert.Equal(["RaftStore.Kv -> RaftStore.Node"], Violations("RaftStore.Kv", Project));
        Assert.Empty(Violations("RaftStore.Server", Project));
    }

    private static IEnumerable<string> Violations(string project, string xml)
        => Projects.References(xml).Where(reference => !Allowed.GetValueOrDefault(project, []).Contains(reference)).Select(reference => $"{project} -> {reference}");
}
