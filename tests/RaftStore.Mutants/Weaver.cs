namespace RaftStore.Mutants;

/// <summary>Weaves mutants into source files: the files on disk stay as they are, and the build compiles the copies.</summary>
public static class Weaver
{
    /// <summary>The one environment variable that a build with mutants reads.</summary>
    public const string Variable = "RAFTSTORE_MUTANT";

    /// <summary>The file that lists, one a line, which sources of the project the copies replace.</summary>
    public const string ReplacedName = "replaced.lst";

    /// <summary>Writes a project's changed sources, the switch, and the list of what they replace into <paramref name="target"/>.</summary>
    /// <exception cref="FormatException">An original does not stand in its file exactly once, or two edits overlap.</exception>
    public static void WeaveProject(string repository, string project, string target, IReadOnlyList<KnownMutant> mutants)
    {
        Directory.CreateDirectory(target);
        string prefix = Path.GetRelativePath(repository, project).Replace('\\', '/') + "/";
        SortedDictionary<string, string> woven = new(StringComparer.Ordinal);
        foreach (string path in mutants.SelectMany(mutant => mutant.Edits).Select(edit => edit.Path).Distinct())
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal))
            {
                woven[path[prefix.Length..]] = Weave(path, File.ReadAllText(Path.Combine(repository, path)), mutants);
            }
        }

        foreach ((string name, string source) in woven)
        {
            WriteIfChanged(Path.Combine(target, name), source);
        }

        if (woven.Count > 0)
        {
            WriteIfChanged(Path.Combine(target, "Mutant.cs"), SwitchOf(mutants));
        }

        WriteIfChanged(Path.Combine(target, ReplacedName), string.Concat(woven.Keys.Select(name => name + "\n")));
        foreach (string old in Directory.GetFiles(target, "*.cs", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(target, old).Replace('\\', '/');
            if (!woven.ContainsKey(name) && !(name == "Mutant.cs" && woven.Count > 0))
            {
                File.Delete(old);
            }
        }
    }

    /// <summary>A source with every mutant that concerns it woven in.</summary>
    /// <exception cref="FormatException">As for <see cref="WeaveProject"/>.</exception>
    public static string Weave(string path, string source, IReadOnlyList<KnownMutant> mutants)
    {
        List<(int Start, Edit Edit, string Mutant)> places = [];
        foreach (KnownMutant mutant in mutants)
        {
            foreach (Edit edit in mutant.Edits.Where(edit => edit.Path == path))
            {
                int[] found = [.. Places(source, edit.Original)];
                places.Add(found.Length == 1
                    ? (found[0], edit, mutant.Name)
                    : throw new FormatException($"mutant «{mutant.Name}»: its original stands in {path} {found.Length} times, and must exactly once; write it anew in {MutantList.Folder}:\n{edit.Original}"));
            }
        }

        places.Sort((left, right) => right.Start.CompareTo(left.Start));
        for (int i = 1; i < places.Count; i++)
        {
            if (places[i].Start + places[i].Edit.Original.Length > places[i - 1].Start)
            {
                throw new FormatException($"mutants «{places[i].Mutant}» and «{places[i - 1].Mutant}» change the same lines of {path}: give them different ones");
            }
        }

        foreach ((int start, Edit edit, _) in places)
        {
            source = string.Concat(source.AsSpan(0, start), edit.Replacement, source.AsSpan(start + edit.Original.Length));
        }

        return source;
    }

    // Whole lines only: a piece of a longer line is another line.
    // A name that is misspelled would run unchanged code, and seem to survive.
    private static string SwitchOf(IEnumerable<KnownMutant> mutants) => $$"""
        namespace RaftStore;

        /// <summary>Says which of the known bugs is switched on. Exists in the configuration «Mutants» alone.</summary>
        internal static class Mutant
        {
            private static readonly string[] Known = [{{string.Join(", ", mutants.Select(mutant => $"\"{mutant.Name}\""))}}];

            private static readonly string? Active = System.Environment.GetEnvironmentVariable("{{Variable}}");
            private static readonly bool IsKnown = string.IsNullOrEmpty(Active) || System.Array.IndexOf(Known, Active) >= 0;

            public static bool IsOn(string name) => IsKnown
                ? name == Active
                : throw new System.InvalidOperationException($"{{Variable}} names no mutant: {Active}. There are {string.Join(", ", Known)}");
        }

        """;

    private static IEnumerable<int> Places(string source, string original)
    {
        for (int at = source.IndexOf(original, StringComparison.Ordinal); at >= 0; at = source.IndexOf(original, at + 1, StringComparison.Ordinal))
        {
            int end = at + original.Length;
            if ((at == 0 || source[at - 1] == '\n') && (end == source.Length || source[end] == '\n'))
            {
                yield return at;
            }
        }
    }

    private static void WriteIfChanged(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
    }
}
