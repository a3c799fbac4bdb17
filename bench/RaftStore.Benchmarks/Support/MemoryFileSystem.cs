using RaftStore.Storage;

namespace RaftStore.Benchmarks.Support;

/// <summary>Files in memory whose syncs cost nothing: what is measured on them is our own work alone.</summary>
internal sealed class MemoryFileSystem : IFileSystem
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, MemoryFile> _files = new(StringComparer.Ordinal);

    public IFile Open(string path, FileOpenMode mode)
    {
        lock (_lock)
        {
            if (mode == FileOpenMode.CreateNew)
            {
                _files.Add(path, new MemoryFile());
            }

            return _files.GetValueOrDefault(path) ?? throw new StorageIoException("open", path, -1, 2, "no such file");
        }
    }

    public bool FileExists(string path)
    {
        lock (_lock)
        {
            return _files.ContainsKey(path);
        }
    }

    public bool DirectoryExists(string path) => true;

    public void CreateDirectory(string path)
    {
        // A directory is nothing but the beginning of its files' names.
    }

    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_lock)
        {
            return [.. _files.Keys.Where(path => Path.GetDirectoryName(path) == directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        }
    }

    public IReadOnlyList<string> ListDirectories(string directory) => [];

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            _files.Remove(from, out MemoryFile? file);
            _files[to] = file ?? throw new StorageIoException("rename", from, -1, 2, "no such file");
        }
    }

    public void Delete(string path)
    {
        lock (_lock)
        {
            _files.Remove(path);
        }
    }

    public void DeleteDirectory(string path)
    {
        // Nor does it end with anything.
    }

    public void SyncDirectory(string directory)
    {
        // Nothing outlives the process.
    }

    public IDisposable? TryLock(string path) => new MemoryFile();

    private sealed class MemoryFile : IFile
    {
        private byte[] _bytes = [];

        public long LengthBytes { get; private set; }

        public int Read(long offsetBytes, Span<byte> target)
        {
            int count = (int)Math.Clamp(LengthBytes - offsetBytes, 0, target.Length);
            _bytes.AsSpan((int)Math.Min(offsetBytes, LengthBytes), count).CopyTo(target);
            return count;
        }

        public void Write(long offsetBytes, ReadOnlySpan<byte> source)
        {
            int end = checked((int)offsetBytes + source.Length);
            if (end > _bytes.Length)
            {
                Array.Resize(ref _bytes, Math.Max(end, _bytes.Length * 2));
            }

            source.CopyTo(_bytes.AsSpan((int)offsetBytes));
            LengthBytes = Math.Max(LengthBytes, end);
        }

        public void DataSync()
        {
            // Nothing outlives the process.
        }

        public void Dispose()
        {
            // The bytes stay until the file is deleted.
        }
    }
}
