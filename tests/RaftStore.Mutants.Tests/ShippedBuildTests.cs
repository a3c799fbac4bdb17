using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;

namespace RaftStore.Mutants.Tests;

/// <summary>What users get holds none of the mutants: neither the switch nor the name of its variable.</summary>
public sealed class ShippedBuildTests
{
    // As the folder of this test says: bin/CONFIGURATION/net10.0.
    private static readonly string Configuration = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/')))!;

    private static readonly string[] Programs = ["RaftStore.Server", "kvctl", "RaftStore.Simulation"];

    public static TheoryData<string> Libraries => [.. Paths];

    private static IEnumerable<string> Paths => Programs
        .SelectMany(program => Directory.GetFiles(OutputOf(program, Configuration), "*.dll"))
        .Where(IsOurs)
        .Select(path => Path.GetRelativePath(Repository.Root, path));

    [Fact]
    public void Libraries_AreAllThatAProductIsMadeOf()
    {
        string[] names = [.. Paths.Select(path => Path.GetFileNameWithoutExtension(path)).Distinct()];

        string[] expected = ["RaftStore.Raft", "RaftStore.Storage", "RaftStore.Kv", "RaftStore.Node", "RaftStore.Client", "RaftStore.Verification", "raftstore", "kvctl"];
        Assert.Empty(expected.Except(names));
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Library_OfTheShippedBuild_HoldsNoMutant(string path)
    {
        string whole = Path.Combine(Repository.Root, path);

        Assert.False(HasSwitch(whole), $"{path} has a type called Mutant");
        Assert.False(NamesVariable(whole), $"{path} names {Weaver.Variable}");
    }

    [Fact]
    public void Library_ThatHoldsTheVariablesName_IsFound()
    {
        // This program's own library is one: the weaver writes that name.
        Assert.True(NamesVariable(Path.Combine(AppContext.BaseDirectory, "RaftStore.Mutants.dll")));
        Assert.True(HasType(Path.Combine(AppContext.BaseDirectory, "RaftStore.Mutants.dll"), nameof(Weaver)));
    }

    /// <summary>True where the library has the switch.</summary>
    internal static bool HasSwitch(string path) => HasType(path, "Mutant");

    /// <summary>True where the name of the variable stands anywhere in the file, as text of either width.</summary>
    internal static bool NamesVariable(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Weaver.Variable)) >= 0 || bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(Weaver.Variable)) >= 0;
    }

    /// <summary>Where a project of the product puts what it builds.</summary>
    internal static string OutputOf(string project, string configuration) => Path.Combine(Repository.Root, "src", project, "bin", configuration, "net10.0");

    private static bool HasType(string path, string name)
    {
        using PEReader image = new(File.OpenRead(path));
        MetadataReader metadata = image.GetMetadataReader();
        return metadata.TypeDefinitions.Any(type => metadata.GetString(metadata.GetTypeDefinition(type).Name) == name);
    }

    private static bool IsOurs(string path) => Path.GetFileName(path) is { } name && (name.StartsWith("RaftStore.", StringComparison.Ordinal) || name is "raftstore.dll" or "kvctl.dll");
}
