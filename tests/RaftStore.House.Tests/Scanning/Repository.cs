namespace RaftStore.House.Tests.Scanning;

/// <summary>The files of the checkout that this test assembly was built from, by paths relative to its root, with «/».</summary>
internal static class Repository
{
    private static readonly string[] SkippedDirectories = ["bin", "obj", ".git", ".build", ".cluster", ".vs", ".idea", "TestResults", "BenchmarkDotNet.Artifacts"];

    /// <summary>The directory that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every file with one of these endings, in ordinal order; build outputs and local data are left out.</summary>
    public static IReadOnlyList<string> Files(params string[] endings)
    {
        var found = new List<string>();
        Collect(new DirectoryInfo(Root), endings, found);
        found.Sort(StringComparer.Ordinal);
        return found;
    }

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static bool Exists(string path) => Path.Exists(Path.Combine(Root, path));

    private static void Collect(DirectoryInfo directory, string[] endings, List<string> found)
    {
        foreach (FileInfo file in directory.EnumerateFiles())
        {
            if (endings.Any(ending => file.Name.EndsWith(ending, StringComparison.Ordinal)))
            {
                found.Add(Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'));
            }
        }

        foreach (DirectoryInfo child in directory.EnumerateDirectories())
        {
            if (!SkippedDirectories.Contains(child.Name))
            {
                Collect(child, endings, found);
            }
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "RaftStore.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException($"No directory above {AppContext.BaseDirectory} holds RaftStore.sln.");
    }
}
