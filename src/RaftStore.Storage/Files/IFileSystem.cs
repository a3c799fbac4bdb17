namespace RaftStore.Storage;

/// <summary>How a file is opened.</summary>
public enum FileOpenMode
{
    /// <summary>It must exist; nothing can be written.</summary>
    Read,

    /// <summary>It must exist; it can be read and written.</summary>
    ReadWrite,

    /// <summary>It must not exist; it is made empty, and can be read and written. Only <see cref="IFileSystem.SyncDirectory"/> makes
    /// its name durable.</summary>
    CreateNew,
}

/// <summary>The disk, as far as this product uses one: the seam between production and simulation. Every member reports every
/// error, an fsync's above all. Paths are absolute or relative to the file system's own root, with <c>/</c>.</summary>
/// <remarks>Failures are <see cref="StorageIoException"/>, naming operation, path, offset and errno.</remarks>
public interface IFileSystem
{
    /// <summary>Opens or makes a file.</summary>
    IFile Open(string path, FileOpenMode mode);

    /// <summary>True where a file of that name exists.</summary>
    bool FileExists(string path);

    /// <summary>True where a directory of that name exists.</summary>
    bool DirectoryExists(string path);

    /// <summary>Makes a directory that only its owner may enter (mode 0700), and those above it that are missing;
    /// nothing where it exists.</summary>
    void CreateDirectory(string path);

    /// <summary>The names (without path) of the files in a directory, in ordinal order.</summary>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>The names (without path) of the directories in a directory, in ordinal order.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    /// <summary>Renames a file, replacing what has that name, or a directory, replacing an empty one at most. Durable only after
    /// <see cref="SyncDirectory"/> of each directory concerned.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file. Durable only after <see cref="SyncDirectory"/>.</summary>
    void Delete(string path);

    /// <summary>Removes an empty directory. Durable only after <see cref="SyncDirectory"/>.</summary>
    void DeleteDirectory(string path);

    /// <summary>Makes the names in a directory durable: what was created, renamed and removed in it.</summary>
    void SyncDirectory(string directory);

    /// <summary>Takes a lock that ends with the process, making the file where needed.</summary>
    /// <returns>Null where somebody else holds it.</returns>
    IDisposable? TryLock(string path);
}

/// <summary>An open file. One thread at a time.</summary>
public interface IFile : IDisposable
{
    /// <summary>Its length in bytes.</summary>
    long LengthBytes { get; }

    /// <summary>Fills <paramref name="target"/> from <paramref name="offsetBytes"/> on, as far as the file reaches.</summary>
    /// <returns>How many bytes were read; fewer than asked only at the end of the file.</returns>
    int Read(long offsetBytes, Span<byte> target);

    /// <summary>Writes all of <paramref name="source"/>, growing the file where needed. Not durable before <see cref="DataSync"/>.</summary>
    void Write(long offsetBytes, ReadOnlySpan<byte> source);

    /// <summary>Makes everything written durable, and the length with it (<c>fdatasync</c>). An error is final: what was written
    /// before it may or may not be on disk, and nobody may try again and believe the answer.</summary>
    void DataSync();
}
