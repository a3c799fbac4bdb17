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
    private readonly HashSet<SimulatedFile> _locks = [];
    private readonly List<NameChange> _pendingNames = [];
    private SimulatedDirectory _root = new();
    private long _operationsUntilPowerCut = -1;
    private long _operationsUntilError = -1;
    private int _errno;
    private long _errorsLeft;

    /// <summary>An empty disk.</summary>
    public SimulatedDisk(RandomStream random) => _random = random;

    private const int IoError = 5;
    internal const int NoSuchFile = 2;
    private const int FileExistsAlready = 17;
    private const int IsADirectory = 21;
    private const int NotEmpty = 39;
    private const int NoSpace = 28;

    /// <summary>Operations that changed or synced something since the disk was made.</summary>
    public long Operations { get; private set; }

    /// <summary>Sectors lost at power cuts so far.</summary>
    public long SectorsLost { get; private set; }

    /// <summary>Lets the machine lose its power at the <paramref name="operations"/>-th operation from now (1 is the next).</summary>
    public void CutPowerAfter(long operations) => _operationsUntilPowerCut = operations;

    /// <summary>How often an operation failed with EIO since the process that uses the disk was started.</summary>
    public long IoErrors { get; private set; }

    /// <summary>How the last operation failed that was planned to; null before.</summary>
    public StorageIoException? PlannedFailure { get; private set; }

    /// <summary>Bytes that all files may have together; a write that needs more, or a new name, fails with ENOSPC.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>Bytes that all files have together.</summary>
    public long UsedBytes => AllFiles().Sum(file => (long)file.LengthBytes);

    /// <summary>True where not even an empty file could be made.</summary>
    public bool IsFull => CapacityBytes != long.MaxValue && UsedBytes >= CapacityBytes;

    /// <summary>How often there was no room.</summary>
    public long RefusedForSpace { get; private set; }

    /// <summary>Lets the <paramref name="operations"/>-th operation from now fail with an errno, and so many in all, until
    /// <see cref="PowerCut"/> or the end of the process.</summary>
    public void FailAfter(long operations, int errno = IoError, long times = long.MaxValue)
    {
        _errorsLeft = times;
        _operationsUntilError = operations;
        _errno = errno;
    }

    /// <summary>The power is gone: what was not synced is kept or lost, sector by sector and name by name, and what was open is
    /// closed. Planned failures end.</summary>
    public void PowerCut()
    {
        PlatterVersion++;
        List<SimulatedFile> files = AllFiles();
        foreach (NameChange change in _pendingNames)
        {
            if (_random.OneIn(2))
            {
                change.Keep();
            }
        }

        _pendingNames.Clear();
        foreach (SimulatedFile file in files)
        {
            SectorsLost += file.PowerCut(_random);
        }

        _root.Forget();
        _locks.Clear();
        _operationsUntilPowerCut = -1;
        _operationsUntilError = -1;
        IoErrors = 0;
    }

    /// <summary>A disk of its own that holds what the platter holds: what a power cut now would leave that loses all it can.</summary>
    public SimulatedDisk CopyOfPlatter()
    {
        SimulatedDisk copy = new(new RandomStream(0, "copy"));
        copy._root = _root.Copy(durable: true, []);
        return copy;
    }

    /// <summary>A disk of its own that holds what programs see: what a killed process leaves to the next one.</summary>
    public SimulatedDisk CopyAsSeen()
    {
        SimulatedDisk copy = new(new RandomStream(0, "copy"));
        copy._root = _root.Copy(durable: false, []);
        return copy;
    }

    /// <summary>Changes bytes of a file, within one sector, as a disk does that rots or writes where it was not told to.</summary>
    public void Damage(string path, int offsetBytes, ReadOnlySpan<byte> bytes)
    {
        PlatterVersion++;
        ((SimulatedFile)Find(path)!).Damage(offsetBytes, bytes);
    }

    /// <summary>What <see cref="CopyOfPlatter"/> would hold, to be read at once and where it lies.</summary>
    internal PlatterView Platter => new(_root);

    /// <summary>Another number whenever the platter may hold something else than before.</summary>
    public long PlatterVersion { get; private set; }

    /// <summary>The process is gone but the machine lives: nothing is lost, what was open is closed.</summary>
    public void ProcessKilled()
    {
        _locks.Clear();
        _operationsUntilPowerCut = -1;
        _operationsUntilError = -1;
        IoErrors = 0;
    }

    /// <summary>Everything is gone: an empty disk.</summary>
    public void Wipe()
    {
        PlatterVersion++;
        _root = new SimulatedDirectory();
        _pendingNames.Clear();
        ProcessKilled();
    }

    /// <inheritdoc/>
    public IFile Open(string path, FileOpenMode mode)
    {
        object? named = Find(path);
        if (mode != FileOpenMode.CreateNew)
        {
            return named is SimulatedFile file ? new SimulatedHandle(this, path, file) : throw Failure("open", path, NoSuchFile, "no such file");
        }

        return named is null ? new SimulatedHandle(this, path, Create(path)) : throw Failure("open", path, FileExistsAlready, "the file exists");
    }

    /// <inheritdoc/>
    public bool FileExists(string path) => Find(path) is SimulatedFile;

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Find(path) is SimulatedDirectory;

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        if (Find(path) is SimulatedDirectory)
        {
            return;
        }

        string parent = ParentOf(path);
        if (Find(parent) is null)
        {
            CreateDirectory(parent);
        }

        Operation("mkdir", path);
        Change(new NameChange(null, "", DirectoryAt(parent, path), NameOf(path), new SimulatedDirectory()));
    }

    /// <inheritdoc/>
    public void DeleteDirectory(string path)
    {
        Operation("rmdir", path);
        if (DirectoryAt(path, path).Names.Count > 0)
        {
            throw Failure("rmdir", path, NotEmpty, "the directory is not empty");
        }

        Change(new NameChange(DirectoryAt(ParentOf(path), path), NameOf(path), null, "", null));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory) => List<SimulatedFile>(directory);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListDirectories(string directory) => List<SimulatedDirectory>(directory);

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        Operation("rename", from);
        object named = Find(from) ?? throw Failure("rename", from, NoSuchFile, "no such file");
        if (Find(to) is SimulatedDirectory present && (named is SimulatedFile || present.Names.Count > 0))
        {
            throw Failure("rename", from, named is SimulatedFile ? IsADirectory : NotEmpty, "a directory has that name");
        }

        Change(new NameChange(DirectoryAt(ParentOf(from), from), NameOf(from), DirectoryAt(ParentOf(to), to), NameOf(to), named));
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        Operation("unlink", path);
        if (Find(path) is not SimulatedFile)
        {
            throw Failure("unlink", path, NoSuchFile, "no such file");
        }

        Change(new NameChange(DirectoryAt(ParentOf(path), path), NameOf(path), null, "", null));
    }

    /// <inheritdoc/>
    public void SyncDirectory(string directory)
    {
        Operation("fsync", directory);
        PlatterVersion++;
        SimulatedDirectory synced = DirectoryAt(directory, directory);
        foreach (NameChange change in _pendingNames.ToArray())
        {
            if (change.Synced(synced))
            {
                change.Keep();
                _pendingNames.Remove(change);
            }
        }
    }

    /// <inheritdoc/>
    public IDisposable? TryLock(string path)
    {
        SimulatedFile file = Find(path) as SimulatedFile ?? Create(path);
        return _locks.Add(file) ? new Unlocker(this, file) : null;
    }

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
            IoErrors += _errno == IoError ? 1 : 0;
            _operationsUntilError = --_errorsLeft > 0 ? 1 : -1;
            throw PlannedFailure = new StorageIoException(name, path, offsetBytes, _errno, "a simulated failure");
        }
    }

    /// <summary>Refuses what the disk has no room for.</summary>
    internal void CheckSpace(string operation, string path, long moreBytes)
    {
        if (moreBytes > 0 && CapacityBytes != long.MaxValue && UsedBytes + moreBytes > CapacityBytes)
        {
            RefusedForSpace++;
            throw Failure(operation, path, NoSpace, "no space left");
        }
    }

    private static string ParentOf(string path) => path.LastIndexOf('/') is > 0 and int slash ? path[..slash] : "";

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static StorageIoException Failure(string operation, string path, int errno, string reason) => new(operation, path, -1, errno, reason);

    private object? Find(string path) => _root.Find(path, durable: false);

    private SimulatedDirectory DirectoryAt(string path, string wanted) => Find(path) as SimulatedDirectory ?? throw Failure("open", wanted, NoSuchFile, "no such directory");

    private List<string> List<T>(string directory) => DirectoryAt(directory, directory).List<T>(durable: false);

    private SimulatedFile Create(string path)
    {
        Operation("open", path);
        CheckSpace("open", path, 1);
        SimulatedFile file = new();
        Change(new NameChange(null, "", DirectoryAt(ParentOf(path), path), NameOf(path), file));
        return file;
    }

    private void Change(NameChange change)
    {
        change.Show();
        _pendingNames.Add(change);
    }

    // A file may have two names, or none that is durable yet; each is visited once, in an order that depends on names alone.
    private List<SimulatedFile> AllFiles() => [.. _root.AllFiles(durable: true).Concat(_root.AllFiles(durable: false)).Distinct()];

    private sealed class Unlocker(SimulatedDisk disk, SimulatedFile file) : IDisposable
    {
        public void Dispose() => disk._locks.Remove(file);
    }
}
