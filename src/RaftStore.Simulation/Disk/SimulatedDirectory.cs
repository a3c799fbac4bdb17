namespace RaftStore.Simulation;

/// <summary>A directory's two planes: the names that programs see, and those on the platter. What has a name is a <see cref="SimulatedFile"/> or a
/// <see cref="SimulatedDirectory"/>.</summary>
internal sealed class SimulatedDirectory
{
    /// <summary>What programs see.</summary>
    public SortedDictionary<string, object> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>What a power cut leaves for certain.</summary>
    public SortedDictionary<string, object> DurableNames { get; } = new(StringComparer.Ordinal);

    /// <summary>What has that path, from here; null where nothing does.</summary>
    public object? Find(string path, bool durable)
    {
        object? named = this;
        for (int start = 0; start < path.Length;)
        {
            int end = path.IndexOf('/', start) is >= 0 and int slash ? slash : path.Length;
            if (end > start)
            {
                SimulatedDirectory? directory = named as SimulatedDirectory;
                named = (durable ? directory?.DurableNames : directory?.Names)?.GetValueOrDefault(path[start..end]);
            }

            start = end + 1;
        }

        return named;
    }

    /// <summary>The names here of one kind, in order.</summary>
    public List<string> List<T>(bool durable) => [.. (durable ? DurableNames : Names).Where(pair => pair.Value is T).Select(pair => pair.Key)];

    /// <summary>Every file below, in the order of names, each once for each of its names.</summary>
    public IEnumerable<SimulatedFile> AllFiles(bool durable)
    {
        foreach (object named in (durable ? DurableNames : Names).Values)
        {
            IEnumerable<SimulatedFile> files = named is SimulatedDirectory directory ? directory.AllFiles(durable) : [(SimulatedFile)named];
            foreach (SimulatedFile file in files)
            {
                yield return file;
            }
        }
    }

    /// <summary>Programs see what is on the platter, here and below.</summary>
    public void Forget()
    {
        Names.Clear();
        foreach ((string name, object named) in DurableNames)
        {
            Names.Add(name, named);
            (named as SimulatedDirectory)?.Forget();
        }
    }

    /// <summary>A copy of what is on the platter, or of what programs see, here and below; all of it is on the copy's platter.</summary>
    public SimulatedDirectory Copy(bool durable, Dictionary<SimulatedFile, SimulatedFile> copies)
    {
        SimulatedDirectory copy = new();
        foreach ((string name, object named) in durable ? DurableNames : Names)
        {
            object copied = named is SimulatedDirectory directory ? directory.Copy(durable, copies) : CopyOf((SimulatedFile)named, durable, copies);
            copy.Names.Add(name, copied);
            copy.DurableNames.Add(name, copied);
        }

        return copy;
    }

    private static SimulatedFile CopyOf(SimulatedFile file, bool durable, Dictionary<SimulatedFile, SimulatedFile> copies)
    {
        if (!copies.TryGetValue(file, out SimulatedFile? copy))
        {
            copies.Add(file, copy = durable ? file.CopyOfPlatter() : file.CopyAsSeen());
        }

        return copy;
    }
}

/// <summary>A change of names that may be lost as a whole until every directory concerned was synced.</summary>
/// <param name="From">Where a name goes; null where none does.</param>
/// <param name="Removed">That name.</param>
/// <param name="To">Where a name comes; null where none does.</param>
/// <param name="Added">That name.</param>
/// <param name="Named">What gets it.</param>
internal sealed record NameChange(SimulatedDirectory? From, string Removed, SimulatedDirectory? To, string Added, object? Named)
{
    private bool _isFromSynced = From is null;
    private bool _isToSynced = To is null;

    /// <summary>Programs see it.</summary>
    public void Show()
    {
        From?.Names.Remove(Removed);
        if (To is not null)
        {
            To.Names[Added] = Named!;
        }
    }

    /// <summary>It is on the platter.</summary>
    public void Keep()
    {
        From?.DurableNames.Remove(Removed);
        if (To is not null)
        {
            To.DurableNames[Added] = Named!;
        }
    }

    /// <summary>A directory was synced.</summary>
    /// <returns>True where nothing is left that could be lost.</returns>
    public bool Synced(SimulatedDirectory directory)
    {
        _isFromSynced |= directory == From;
        _isToSynced |= directory == To;
        return _isFromSynced && _isToSynced;
    }
}
