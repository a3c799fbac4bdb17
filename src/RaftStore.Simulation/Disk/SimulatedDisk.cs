using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>The simulated machine lost its power in the middle of a disk operation. It unwinds whatever ran on that machine;
/// nothing but the simulator may catch it.</summary>
public sealed class SimulatedPowerCutException : Exception
{
}

/// <summary>One machine's disk in two planes: what programs see, and what is on the platter. Data reaches the platter by
/// <see cref="IFile.DataSync"/>, names by <see cref="IFileSystem.SyncDirectory"/>; at a power cut every sector and every
/// change of a name that was not synced is kept or lost by a draw of its own. A sector of 512 bytes is atomic.</summary>
public sealed class SimulatedDisk : IFileSystem
{
    private readonly RandomStream _random;
    private readonly SortedDictionary<string, SimulatedFile> _names = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _directories = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _locks = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SimulatedFile> _durableNames = new(StringComparer.Ordinal);
    private readonly List<NameChange> _pendingNames = [];
    private long _operationsUntilPowerCut = -1;
    private long _operationsUntilError = -1;
    private int _errno;

    /// <summary>An empty disk.</summary>
    public SimulatedDisk(RandomStream random) => _random = random;

    private const int IoError = 5;
    internal const int NoSuchFile = 2;
    private const int FileExistsAlready = 17;

    /// <summary>Operations that changed or synced something since the disk was made.</summary>
    public long Operations { get; private set; }

    /// <summary>Sectors lost at power cuts so far.</summary>
    public long SectorsLost { get; private set; }

    /// <summary>Lets the machine lose its power at the <paramref name="operations"/>-th operation from now (1 is the next).</summary>
    public void CutPowerAfter(long operations) => _operationsUntilPowerCut = operations;

    /// <summary>Lets the <paramref name="operations"/>-th operation from now fail with an errno, and each one after it until
    /// <see cref="PowerCut"/>.</summary>
    public void FailAfter(long operations, int errno = IoError)
    {
        _operationsUntilError = operations;
        _errno = errno;
    }

    /// <summary>The power is gone: what was not synced is kept or lost, sector by sector and name by name, and what was open is
    /// closed. Planned failures end.</summary>
    public void PowerCut()
    {
        PlatterVersion++;
        foreach (NameChange change in _pendingNames)
        {
            if (_random.OneIn(2))
            {
                change.ApplyTo(_durableNames);
            }
        }

        _pendingNames.Clear();
        foreach (SimulatedFile file in AllFiles())
        {
            SectorsLost += file.PowerCut(_random);
        }

        _names.Clear();
        foreach ((string name, SimulatedFile file) in _durableNames)
        {
            _names.Add(name, file);
        }

        _locks.Clear();
        _operationsUntilPowerCut = -1;
        _operationsUntilError = -1;
    }

    /// <summary>A disk of its own that holds what the platter holds: what a power cut now would leave that loses all it can.</summary>
    public SimulatedDisk CopyOfPlatter()
    {
        SimulatedDisk copy = new(new RandomStream(0, "copy"));
        copy._directories.UnionWith(_directories);
        foreach ((string name, SimulatedFile file) in _durableNames)
        {
            SimulatedFile platter = file.CopyOfPlatter();
            copy._names.Add(name, platter);
            copy._durableNames.Add(name, platter);
        }

        return copy;
    }

    /// <summary>What <see cref="CopyOfPlatter"/> would hold, to be read at once and where it lies.</summary>
    public IFileSystem Platter => new PlatterView(_durableNames, _directories);

    /// <summary>Another number whenever the platter may hold something else than before.</summary>
    public long PlatterVersion { get; private set; }

    /// <summary>The process is gone but the machine lives: nothing is lost, what was open is closed.</summary>
    public void ProcessKilled()
    {
        _locks.Clear();
        _operationsUntilPowerCut = -1;
        _operationsUntilError = -1;
    }

    /// <summary>Everything is gone: an empty disk.</summary>
    public void Wipe()
    {
        PlatterVersion++;
        _names.Clear();
        _durableNames.Clear();
        _pendingNames.Clear();
        _directories.Clear();
        ProcessKilled();
    }

    /// <inheritdoc/>
    public IFile Open(string path, FileOpenMode mode)
    {
        bool exists = _names.TryGetValue(path, out SimulatedFile? file);
        if (mode != FileOpenMode.CreateNew)
        {
            return exists ? new SimulatedHandle(this, path, file!) : throw new StorageIoException("open", path, -1, NoSuchFile, "no such file");
        }

        if (exists)
        {
            throw new StorageIoException("open", path, -1, FileExistsAlready, "the file exists");
        }

        Operation("open", path);
        file = new SimulatedFile();
        Change(new NameChange(null, path, file));
        return new SimulatedHandle(this, path, file);
    }

    /// <inheritdoc/>
    public bool FileExists(string path) => _names.ContainsKey(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => _directories.Contains(path);

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        // A directory's own name is taken as durable at once: what matters here are the files in it.
        for (string? directory = path; !string.IsNullOrEmpty(directory); directory = ParentOf(directory))
        {
            _directories.Add(directory);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory)
    {
        List<string> names = [];
        foreach (string path in _names.Keys)
        {
            if (IsIn(path, directory))
            {
                names.Add(path[(directory.Length + 1)..]);
            }
        }

        return names;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListDirectories(string directory)
        => [.. _directories.Where(path => ParentOf(path) == directory).Select(path => path[(directory.Length + 1)..])];

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        Operation("rename", from);
        Change(_names.TryGetValue(from, out SimulatedFile? file) ? new NameChange(from, to, file) : throw new StorageIoException("rename", from, -1, NoSuchFile, "no such file"));
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        Operation("unlink", path);
        Change(_names.ContainsKey(path) ? new NameChange(path, null, null) : throw new StorageIoException("unlink", path, -1, NoSuchFile, "no such file"));
    }

    /// <inheritdoc/>
    public void SyncDirectory(string directory)
    {
        Operation("fsync", directory);
        PlatterVersion++;
        foreach (NameChange change in _pendingNames.Where(change => change.IsIn(directory)))
        {
            change.ApplyTo(_durableNames);
        }

        _pendingNames.RemoveAll(change => change.IsIn(directory));
    }

    /// <inheritdoc/>
    public IDisposable? TryLock(string path) => _locks.Add(path) ? new Unlocker(this, path) : null;

    /// <summary>A file is about to be synced.</summary>
    internal void Synced() => PlatterVersion++;

    /// <summary>Counts an operation, and lets it fail where that was planned.</summary>
    internal void Operation(string name, string path, long offsetBytes = -1)
    {
        Operations++;
        if (_operationsUntilPowerCut > 0 && --_operationsUntilPowerCut == 0)
        {
            throw new SimulatedPowerCutException();
        }

        if (_operationsUntilError > 1)
        {
            _operationsUntilError--;
        }
        else if (_operationsUntilError == 1)
        {
            throw new StorageIoException(name, path, offsetBytes, _errno, "a simulated failure");
        }
    }

    internal static bool IsIn(string path, string directory)
        => path.LastIndexOf('/') == directory.Length && path.StartsWith(directory, StringComparison.Ordinal);

    internal static string ParentOf(string path) => path.LastIndexOf('/') is > 0 and int slash ? path[..slash] : "";

    private void Change(NameChange change)
    {
        change.ApplyTo(_names);
        _pendingNames.Add(change);
    }

    private List<SimulatedFile> AllFiles()
    {
        // A file may have two names, or none that is durable; each is visited once, in an order that depends on names alone.
        List<SimulatedFile> files = [];
        foreach (SimulatedFile file in _durableNames.Values.Concat(_names.Values))
        {
            if (!files.Contains(file))
            {
                files.Add(file);
            }
        }

        return files;
    }

    private sealed record NameChange(string? Removed, string? Added, SimulatedFile? File)
    {
        public bool IsIn(string directory) => ParentOf(Added ?? Removed!) == directory;

        public void ApplyTo(SortedDictionary<string, SimulatedFile> names)
        {
            if (Removed is not null)
            {
                names.Remove(Removed);
            }

            if (Added is not null)
            {
                names[Added] = File!;
            }
        }
    }

    private sealed class Unlocker(SimulatedDisk disk, string path) : IDisposable
    {
        public void Dispose() => disk._locks.Remove(path);
    }
}
