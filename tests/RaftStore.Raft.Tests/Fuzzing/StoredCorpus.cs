namespace RaftStore.Raft.Tests.Fuzzing;

/// <summary>Inputs of one decoder that led somewhere, kept in the repository: Fuzzing/Corpus/NAME.txt of the test project, one in
/// base 64 on each line, the shortest that is known for each place. FUZZ_KEEP=true writes what a run has found back to it
/// (scripts/fuzz.sh --keep); every other run only reads.</summary>
internal sealed class StoredCorpus
{
    /// <summary>Longer inputs are not kept: the file is read by people who look what has changed.</summary>
    private const int InputBytesMax = 4 << 10;

    /// <summary>Inputs kept at most, of the shortest.</summary>
    private const int InputsMax = 200;

    private readonly string _path;
    private readonly SortedDictionary<string, byte[]> _shortest = new(StringComparer.Ordinal);

    private StoredCorpus(string path, IReadOnlyList<byte[]> inputs)
    {
        _path = path;
        Inputs = inputs;
    }

    /// <summary>What the file held.</summary>
    public IReadOnlyList<byte[]> Inputs { get; }

    private static bool IsKeeping => Environment.GetEnvironmentVariable("FUZZ_KEEP") == "true";

    /// <summary>Reads the corpus called <paramref name="name"/>; there must be one, except where this run writes it.</summary>
    public static StoredCorpus Load(string name)
    {
        // From bin/CONFIGURATION/FRAMEWORK back to the project: a run that keeps what it finds must write where git looks.
        string path = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../Fuzzing/Corpus", name + ".txt"));
        string[] lines = IsKeeping && !File.Exists(path) ? [] : File.ReadAllLines(path);
        return new StoredCorpus(path, [.. lines.Select(Convert.FromBase64String)]);
    }

    /// <summary>Takes <paramref name="input"/> where no shorter one is known that leads to <paramref name="place"/>.</summary>
    public void Keep(string place, byte[] input)
    {
        if (input.Length <= InputBytesMax && (!_shortest.TryGetValue(place, out byte[]? known) || input.Length < known.Length))
        {
            _shortest[place] = input;
        }
    }

    /// <summary>Writes what was taken, where that is wanted.</summary>
    public void Save()
    {
        if (!IsKeeping)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        IEnumerable<byte[]> kept = _shortest.Values.OrderBy(input => input.Length).ThenBy(Convert.ToHexString, StringComparer.Ordinal).Take(InputsMax);
        File.WriteAllLines(_path, kept.Select(Convert.ToBase64String));
    }
}
