namespace RaftStore.Mutants;

/// <summary>The checkout that this program was built from.</summary>
public static class Repository
{
    /// <summary>The directory that holds the solution.</summary>
    /// <exception cref="InvalidOperationException">The program was copied to a place outside of it.</exception>
    public static string Root
    {
        get
        {
            DirectoryInfo? at = new(AppContext.BaseDirectory);
            while (at is not null && !File.Exists(Path.Combine(at.FullName, "RaftStore.sln")))
            {
                at = at.Parent;
            }

            return at?.FullName ?? throw new InvalidOperationException($"no checkout of RaftStore around {AppContext.BaseDirectory}");
        }
    }
}
