using RaftStore.Storage;

namespace RaftStore.Node.Tests.Harness;

/// <summary>A disk in memory that keeps what was written to it, durable or not; it can be full. The simulator has the disk that
/// forgets.</summary>
internal sealed class MemoryFileSystem : IFileSystem
{
    private readonly SortedDictionary<string, MemoryFile> _files = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _directories = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Bytes that files may have together.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>While true every sync fails.</summary>
    public bool FailsSyncs { get; set; }

    public long UsedBytes
    {
        get
        {
            lock (_gate)
            {
                return _files.Values.Sum(file => file.Length);
            }
        }
    }

    /// <summary>The length of every file, by path.</summary>
    public IReadOnlyList<string> Paths
    {
        get
        {
            lock (_gate)
            {
                return [.. _files.Keys];
            }
        }
    }

    public IFile Open(string path, FileOpenMode mode)
    {
        lock (_gate)
        {
            bool exists = _files.TryGetValue(path, out MemoryFile? file);
            if (exists == (mode == FileOpenMode.CreateNew))
            {
                throw new StorageIoException("open", path, -1, exists ? 17 : 2, exists ? "it exists" : "it does not exist");
            }

            if (file is null)
            {
                file = new MemoryFile();
                _files.Add(path, file);
            }

            return new Handle(this, path, file);
        }
    }

    public bool FileExists(string path)
    {
        lock (_gate)
        {
            return _files.ContainsKey(path);
        }
    }

    public bool DirectoryExists(string path) => _directories.Contains(path);

    public void CreateDirectory(string path) => _directories.Add(path);

    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_gate)
        {
            return [.. _files.Keys.Where(path => path[..path.LastIndexOf('/')] == directory).Select(path => path[(path.LastIndexOf('/') + 1)..])];
        }
    }

    public IReadOnlyList<string> ListDirectories(string directory)
        => [.. _directories.Where(path => path.Contains('/') && path[..path.LastIndexOf('/')] == directory).Select(path => path[(path.LastIndexOf('/') + 1)..])];

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            _files.Remove(from, out MemoryFile? file);
            _files[to] = file ?? throw new StorageIoException("rename", from, -1, 2, "it does not exist");
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            if (!_files.Remove(path))
            {
                throw new StorageIoException("unlink", path, -1, 2, "it does not exist");
            }
        }
    }

    public void DeleteDirectory(string path) => _directories.Remove(path);

    public void SyncDirectory(string directory)
    {
    }

    public IDisposable? TryLock(string path) => new MemoryStream();

    private sealed class MemoryFile
    {
        public byte[] Bytes { get; set; } = [];

        public int Length { get; set; }
    }

    private sealed class Handle(MemoryFileSystem owner, string path, MemoryFile file) : IFile
    {
        public long LengthBytes
        {
            get
            {
                lock (owner._gate)
                {
                    return file.Length;
                }
            }
        }

        public int Read(long offsetBytes, Span<byte> target)
        {
            lock (owner._gate)
            {
                int count = (int)Math.Clamp(file.Length - offsetBytes, 0, target.Length);
                file.Bytes.AsSpan((int)Math.Min(offsetBytes, file.Length), count).CopyTo(target);
                return count;
            }
        }

        public void Write(long offsetBytes, ReadOnlySpan<byte> source)
        {
            lock (owner._gate)
            {
                int end = (int)offsetBytes + source.Length;
                if (end > file.Length && owner.UsedBytes + end - file.Length > owner.CapacityBytes)
                {
                    throw new StorageIoException("pwrite", path, offsetBytes, 28, "no space left on the disk");
                }

                if (end > file.Bytes.Length)
                {
                    byte[] grown = new byte[Math.Max(end, file.Bytes.Length * 2)];
                    file.Bytes.AsSpan(0, file.Length).CopyTo(grown);
                    file.Bytes = grown;
                }

                file.Length = Math.Max(file.Length, end);
                source.CopyTo(file.Bytes.AsSpan((int)offsetBytes));
            }
        }

        public void DataSync()
        {
            if (owner.FailsSyncs)
            {
                throw new StorageIoException("fdatasync", path, -1, 5, "input/output error");
            }
        }

        public void Dispose()
        {
        }
    }
}
