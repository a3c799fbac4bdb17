using System.Globalization;

namespace RaftStore.Storage.Tests;

/// <summary>A disk in memory with two planes: what programs see, and what is on the platter. Data reaches the platter by a sync of
/// the file, names by a sync of their directory. A crash keeps or loses every unsynced sector and every unsynced change of a
/// name by a draw of its own. Any operation can be made to fail or to be the last before a crash.</summary>
internal sealed class CrashingFileSystem : IFileSystem
{
    public const int SectorBytes = 512;

    private readonly SortedDictionary<string, DiskFile> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, DiskFile> _durableNames = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _directories = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _locks = new(StringComparer.Ordinal);
    private readonly List<Action<SortedDictionary<string, DiskFile>>> _pendingChanges = [];
    private readonly List<string> _pendingDirectories = [];
    private bool _movesDirectories;

    /// <summary>Operations that change or sync something, since the disk was made.</summary>
    public int Operations { get; private set; }

    /// <summary>The operation with this number (from 1) fails with <see cref="Errno"/>; 0 for none.</summary>
    public int FailAt { get; set; }

    /// <summary>How many operations from <see cref="FailAt"/> on fail.</summary>
    public int FailCount { get; set; } = 1;

    /// <summary>What <see cref="FailAt"/> fails with.</summary>
    public int Errno { get; set; } = 5;

    /// <summary>The operation with this number (from 1) is never done, nor is any after it: a <see cref="CrashException"/> is thrown.</summary>
    public int CrashAt { get; set; }

    /// <summary>Growing files and new names beyond this many bytes in all fail with ENOSPC.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>What was done, one line each, for tests of the order.</summary>
    public List<string> Journal { get; } = [];

    public IEnumerable<string> Paths => _names.Keys;

    /// <summary>The machine loses its power: unsynced sectors and names are kept or lost.</summary>
    public void PowerCut(Random random)
    {
        for (int i = 0; i < _pendingChanges.Count; i++)
        {
            if (random.Next(2) == 0)
            {
                _pendingChanges[i](_durableNames);
            }
        }

        _pendingChanges.Clear();
        _pendingDirectories.Clear();
        foreach (DiskFile file in _durableNames.Values.Concat(_names.Values).Distinct())
        {
            file.PowerCut(random);
        }

        _names.Clear();
        foreach ((string path, DiskFile file) in _durableNames)
        {
            _names.Add(path, file);
        }

        if (_movesDirectories)
        {
            // Which directories there are is told by what is in them.
            _directories.Clear();
            foreach (string path in _names.Keys)
            {
                CreateDirectory(ParentOf(path));
            }
        }

        Restart();
    }

    /// <summary>The process ends, the machine goes on: nothing is lost but the locks.</summary>
    public void Restart()
    {
        _locks.Clear();
        FailAt = 0;
        CrashAt = 0;
    }

    /// <summary>What a file holds now.</summary>
    public byte[] Content(string path) => _names[path].Visible.ToArray();

    /// <summary>Puts a file on the platter.</summary>
    public void SetContent(string path, byte[] content)
    {
        DiskFile file = new();
        file.Write(0, content);
        file.Sync();
        _names[path] = file;
        _durableNames[path] = file;
    }

    /// <summary>Removes a file from both planes.</summary>
    public void Remove(string path)
    {
        _names.Remove(path);
        _durableNames.Remove(path);
    }

    /// <summary>An independent copy of what programs see, all of it on the platter.</summary>
    public CrashingFileSystem Clone()
    {
        CrashingFileSystem copy = new();
        copy._directories.UnionWith(_directories);
        foreach ((string path, DiskFile file) in _names)
        {
            copy.SetContent(path, file.Visible.ToArray());
        }

        return copy;
    }

    public IFile Open(string path, FileOpenMode mode)
    {
        bool exists = _names.TryGetValue(path, out DiskFile? file);
        if (mode != FileOpenMode.CreateNew)
        {
            return exists ? new Handle(this, path, file!, mode == FileOpenMode.ReadWrite) : throw Failure("open", path, 2);
        }

        Operation("create", path);
        if (exists)
        {
            throw Failure("open", path, 17);
        }

        DiskFile made = new();
        Change(path, names => names[path] = made);
        return new Handle(this, path, made, true);
    }

    public bool FileExists(string path) => _names.ContainsKey(path);

    public bool DirectoryExists(string path) => _directories.Contains(path);

    public void CreateDirectory(string path)
    {
        for (string directory = path; directory.Length > 0; directory = ParentOf(directory))
        {
            _directories.Add(directory);
        }
    }

    public IReadOnlyList<string> ListFiles(string directory) => [.. _names.Keys.Where(path => ParentOf(path) == directory).Select(path => path[(directory.Length + 1)..])];

    public IReadOnlyList<string> ListDirectories(string directory) => [.. _directories.Where(path => ParentOf(path) == directory).Select(path => path[(directory.Length + 1)..])];

    public void Rename(string from, string to)
    {
        Operation("rename", $"{from} -> {to}");
        if (_directories.Contains(from))
        {
            RenameDirectory(from, to);
            return;
        }

        if (!_names.TryGetValue(from, out DiskFile? file))
        {
            throw Failure("rename", from, 2);
        }

        Change(to, names =>
        {
            names.Remove(from);
            names[to] = file;
        });
    }

    private void RenameDirectory(string from, string to)
    {
        if (_names.Keys.Any(path => path.StartsWith(to + "/", StringComparison.Ordinal)))
        {
            throw Failure("rename", from, 39);
        }

        _movesDirectories = true;
        Change(to, names =>
        {
            foreach ((string path, DiskFile file) in names.Where(name => name.Key.StartsWith(from + "/", StringComparison.Ordinal)).ToArray())
            {
                names.Remove(path);
                names[to + path[from.Length..]] = file;
            }
        });
        foreach (string directory in _directories.Where(path => path == from || path.StartsWith(from + "/", StringComparison.Ordinal)).ToArray())
        {
            _directories.Remove(directory);
            _directories.Add(to + directory[from.Length..]);
        }
    }

    public void Delete(string path)
    {
        Operation("unlink", path);
        if (!_names.ContainsKey(path))
        {
            throw Failure("unlink", path, 2);
        }

        Change(path, names => names.Remove(path));
    }

    public void DeleteDirectory(string path) => _directories.Remove(path);

    public void SyncDirectory(string directory)
    {
        Operation("fsync", directory);
        for (int i = 0; i < _pendingChanges.Count;)
        {
            if (_pendingDirectories[i] == directory)
            {
                _pendingChanges[i](_durableNames);
                _pendingChanges.RemoveAt(i);
                _pendingDirectories.RemoveAt(i);
            }
            else
            {
                i++;
            }
        }
    }

    public IDisposable? TryLock(string path)
    {
        if (!_locks.Add(path))
        {
            return null;
        }

        if (!_names.ContainsKey(path))
        {
            Operation("create", path);
            DiskFile made = new();
            Change(path, names => names[path] = made);
        }

        return new Unlocker(() => _locks.Remove(path));
    }

    private static string ParentOf(string path) => path.LastIndexOf('/') is > 0 and int slash ? path[..slash] : "";

    private static StorageIoException Failure(string operation, string path, int errno, long offset = -1)
        => new(operation, path, offset, errno, "made to fail by the test");

    private void Change(string path, Action<SortedDictionary<string, DiskFile>> change)
    {
        change(_names);
        _pendingChanges.Add(change);
        _pendingDirectories.Add(ParentOf(path));
    }

    private void Operation(string name, string path, long offset = -1, int count = 0)
    {
        Operations++;
        Journal.Add(offset < 0 ? $"{name} {path}" : string.Create(CultureInfo.InvariantCulture, $"{name} {path} {offset}+{count}"));
        if (CrashAt > 0 && Operations >= CrashAt)
        {
            throw new CrashException();
        }

        if (FailAt > 0 && Operations >= FailAt && Operations < FailAt + FailCount)
        {
            throw Failure(name, path, Errno, offset);
        }
    }

    private void CheckSpace(string path, DiskFile file, long offset, int count)
    {
        long growth = Math.Max(0, offset + count - file.LengthBytes);
        if (growth > 0 && _names.Values.Sum(other => (long)other.LengthBytes) + growth > CapacityBytes)
        {
            throw Failure("pwrite", path, 28, offset);
        }
    }

    private sealed class Handle(CrashingFileSystem disk, string path, DiskFile file, bool writable) : IFile
    {
        private bool _closed;

        public long LengthBytes => _closed ? throw new ObjectDisposedException(path) : file.LengthBytes;

        public int Read(long offsetBytes, Span<byte> target)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            ReadOnlySpan<byte> visible = file.Visible;
            int count = (int)Math.Clamp(visible.Length - offsetBytes, 0, target.Length);
            if (count > 0)
            {
                visible.Slice((int)offsetBytes, count).CopyTo(target);
            }

            return count;
        }

        public void Write(long offsetBytes, ReadOnlySpan<byte> source)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            Assert.True(writable, $"{path} was opened to be read");
            disk.Operation("pwrite", path, offsetBytes, source.Length);
            disk.CheckSpace(path, file, offsetBytes, source.Length);
            file.Write(offsetBytes, source);
        }

        public void DataSync()
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            disk.Operation("fdatasync", path);
            file.Sync();
        }

        public void Dispose() => _closed = true;
    }

    private sealed class DiskFile
    {
        private readonly SortedSet<int> _unsynced = [];
        private byte[] _content = [];
        private byte[] _platter = [];

        public int LengthBytes => _content.Length;

        public ReadOnlySpan<byte> Visible => _content;

        public void Write(long offset, ReadOnlySpan<byte> source)
        {
            int end = checked((int)offset + source.Length);
            if (end > _content.Length)
            {
                Array.Resize(ref _content, end);
            }

            source.CopyTo(_content.AsSpan((int)offset));
            for (int sector = (int)offset / SectorBytes; sector * SectorBytes < end; sector++)
            {
                _unsynced.Add(sector);
            }
        }

        public void Sync()
        {
            if (_platter.Length != _content.Length)
            {
                Array.Resize(ref _platter, _content.Length);
            }

            foreach (int sector in _unsynced)
            {
                CopySector(sector);
            }

            _unsynced.Clear();
        }

        public void PowerCut(Random random)
        {
            foreach (int sector in _unsynced)
            {
                if (random.Next(2) == 0)
                {
                    int end = Math.Min(_content.Length, (sector + 1) * SectorBytes);
                    if (end > _platter.Length)
                    {
                        Array.Resize(ref _platter, end);
                    }

                    CopySector(sector);
                }
            }

            _unsynced.Clear();
            _content = [.. _platter];
        }

        private void CopySector(int sector)
        {
            int start = sector * SectorBytes;
            int count = Math.Min(SectorBytes, Math.Min(_content.Length, _platter.Length) - start);
            if (count > 0)
            {
                _content.AsSpan(start, count).CopyTo(_platter.AsSpan(start));
            }
        }
    }

    private sealed class Unlocker(Action unlock) : IDisposable
    {
        public void Dispose() => unlock();
    }
}

/// <summary>The simulated machine stopped here.</summary>
public sealed class CrashException : Exception;
