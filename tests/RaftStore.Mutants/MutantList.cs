using System.Globalization;

namespace RaftStore.Mutants;

/// <summary>Reads the lists of mutants. A list is text:
/// <code>
/// = name
/// What happened, in one sentence, over as many lines as it takes.
/// test: Project Test_Name       (where a test, and not the simulator, must notice it)
/// seed: 7                       (the first seed that noticed it)
/// @@ src/Some/File.cs
///  a line that stays
/// -a line that goes
/// +a line that comes
/// </code>
/// Anything before the first mutant is for the reader.</summary>
public static class MutantList
{
    private const string HeadOfMutant = "= ";
    private const string HeadOfEdit = "@@ ";
    private const string HeadOfTest = "test: ";
    private const string HeadOfSeed = "seed: ";

    /// <summary>The folder of the lists, from the repository's root.</summary>
    public const string Folder = "tests/RaftStore.Mutants/Lists";

    /// <summary>Reads every list of a repository, in the order of their names.</summary>
    /// <exception cref="FormatException">A list is not as described, or two mutants have one name.</exception>
    public static IReadOnlyList<KnownMutant> ReadAll(string repository)
    {
        List<KnownMutant> all = [];
        foreach (string path in Directory.GetFiles(Path.Combine(repository, Folder), "*.txt").Order(StringComparer.Ordinal))
        {
            all.AddRange(Parse(File.ReadAllText(path), Path.GetFileName(path)));
        }

        return all.GroupBy(mutant => mutant.Name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new FormatException($"two mutants are called «{twice.Key}»")
            : all;
    }

    /// <summary>Reads one list.</summary>
    /// <exception cref="FormatException">It is not as described; the message names list and line.</exception>
    public static IReadOnlyList<KnownMutant> Parse(string text, string listName)
    {
        List<Draft> drafts = [];
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            if (line.StartsWith(HeadOfMutant, StringComparison.Ordinal))
            {
                drafts.Add(new Draft { Name = line[HeadOfMutant.Length..].Trim() });
            }
            else if (drafts.Count > 0 && !drafts[^1].TryTake(line))
            {
                throw new FormatException($"{listName}:{i + 1}: «{line}» is no part of a mutant");
            }
        }

        return [.. drafts.Select(draft => draft.Finish(listName))];
    }

    private sealed class Draft
    {
        private readonly List<string> _world = [];
        private readonly List<(string Path, List<string> Original, List<string> Replacement)> _edits = [];
        private NamedTest? _test;
        private ulong _seed;

        public required string Name { get; init; }

        public bool TryTake(string line)
        {
            if (line.StartsWith(HeadOfEdit, StringComparison.Ordinal))
            {
                _edits.Add((line[HeadOfEdit.Length..].Trim(), [], []));
                return true;
            }

            return line.Length == 0 || (_edits.Count == 0 ? TryTakeHead(line) : TryTakeEdit(line));
        }

        public KnownMutant Finish(string listName)
        {
            Edit[] edits = [.. _edits.Select(edit => new Edit(edit.Path, string.Join('\n', edit.Original), string.Join('\n', edit.Replacement)))];
            string question = $"Mutant.IsOn(\"{Name}\")";
            string? lack = Name.Length == 0 || !Name.All(letter => letter is '-' or (>= 'a' and <= 'z')) ? "a name of small letters and hyphens"
                : _world.Count == 0 ? "a sentence that says what happened"
                : edits.Length == 0 || edits.Any(edit => edit.Original.Length == 0 || edit.Original == edit.Replacement) ? "something that it changes"
                : !edits.Any(edit => edit.Replacement.Contains(question, StringComparison.Ordinal)) ? question
                : null;
            return lack is null
                ? new KnownMutant(Name, string.Join(' ', _world), edits, _test, _seed)
                : throw new FormatException($"{listName}: mutant «{Name}» lacks {lack}");
        }

        private bool TryTakeHead(string line)
        {
            if (line.StartsWith(HeadOfTest, StringComparison.Ordinal))
            {
                string[] words = line[HeadOfTest.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                _test = words.Length == 2 ? new NamedTest(words[0], words[1]) : null;
                return _test is not null;
            }

            if (line.StartsWith(HeadOfSeed, StringComparison.Ordinal))
            {
                return ulong.TryParse(line[HeadOfSeed.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out _seed);
            }

            _world.Add(line.Trim());
            return true;
        }

        private bool TryTakeEdit(string line)
        {
            char kind = line[0];
            if (kind is not (' ' or '-' or '+'))
            {
                return false;
            }

            if (kind is ' ' or '-')
            {
                _edits[^1].Original.Add(line[1..]);
            }

            if (kind is ' ' or '+')
            {
                _edits[^1].Replacement.Add(line[1..]);
            }

            return true;
        }
    }
}
