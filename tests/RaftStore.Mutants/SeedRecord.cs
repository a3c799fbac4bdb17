namespace RaftStore.Mutants;

/// <summary>Notes in the lists which seed noticed a mutant first.</summary>
public static class SeedRecord
{
    /// <summary>Puts the seed into the list that holds the mutant.</summary>
    /// <exception cref="FormatException">No list does.</exception>
    public static void Write(string repository, string mutant, ulong seed)
    {
        foreach (string path in Directory.GetFiles(Path.Combine(repository, MutantList.Folder), "*.txt"))
        {
            string text = File.ReadAllText(path);
            if (MutantList.Parse(text, path).Any(one => one.Name == mutant))
            {
                File.WriteAllText(path, WithSeed(text, mutant, seed));
                return;
            }
        }

        throw new FormatException($"no list holds «{mutant}»");
    }

    /// <summary>The list with that seed.</summary>
    public static string WithSeed(string list, string mutant, ulong seed)
    {
        List<string> lines = [.. list.Split('\n')];
        int head = lines.IndexOf($"= {mutant}");
        int edit = lines.FindIndex(head, line => line.StartsWith("@@ ", StringComparison.Ordinal));
        int old = lines.FindIndex(head, edit - head, line => line.StartsWith("seed: ", StringComparison.Ordinal));
        if (old >= 0)
        {
            lines[old] = $"seed: {seed}";
        }
        else
        {
            lines.Insert(edit, $"seed: {seed}");
        }

        return string.Join('\n', lines);
    }
}
