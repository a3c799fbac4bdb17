namespace RaftStore.Storage;

/// <summary>Something is wrong with a file: which one, where, and what to do stand in the message.</summary>
public abstract class StorageException : Exception
{
    /// <summary>Names the file and the place in it.</summary>
    /// <param name="offsetBytes">-1 where the whole file or directory is meant.</param>
    protected StorageException(string path, long offsetBytes, string message, Exception? inner = null)
        : base(message, inner)
    {
        Path = path;
        OffsetBytes = offsetBytes;
    }

    /// <summary>The file or directory.</summary>
    public string Path { get; }

    /// <summary>Where in it, in bytes; -1 where the whole is meant.</summary>
    public long OffsetBytes { get; }
}

/// <summary>The operating system refused an operation. In a log write or a sync it ends the node (exit code 4).</summary>
public sealed class StorageIoException : StorageException
{
    /// <summary>Names the operation and its errno.</summary>
    public StorageIoException(string operation, string path, long offsetBytes, int errno, string reason, Exception? inner = null)
        : base(path, offsetBytes, offsetBytes < 0 ? $"{operation} of {path} failed: {reason} (errno {errno})" : $"{operation} of {path} at offset {offsetBytes} failed: {reason} (errno {errno})", inner)
    {
        Operation = operation;
        Errno = errno;
    }

    /// <summary>The system call's name.</summary>
    public string Operation { get; }

    /// <summary>The system's error number; 0 where none is known.</summary>
    public int Errno { get; }

    /// <summary>True where there is no space left (ENOSPC or EDQUOT).</summary>
    public bool IsDiskFull => Errno is 28 or 122;
}

/// <summary>The data directory cannot be used: corrupt, foreign, of a newer format, or in use (exit code 3). Nothing in it was
/// changed.</summary>
public sealed class DataDirectoryException : StorageException
{
    /// <summary>Names the file, the offset and the reason.</summary>
    public DataDirectoryException(string path, long offsetBytes, string reason)
        : base(path, offsetBytes, offsetBytes < 0 ? $"{path}: {reason}" : $"{path}, offset {offsetBytes}: {reason}")
    {
        Reason = reason;
        Finding = reason;
    }

    /// <summary>Names the file, the offset, what was found there, and what the node it belongs to should do.</summary>
    public DataDirectoryException(string path, long offsetBytes, string finding, string advice)
        : this(path, offsetBytes, $"{finding}. {advice}")
    {
        Finding = finding;
    }

    /// <summary>The reason alone.</summary>
    public string Reason { get; }

    /// <summary>What was found, without what a node should do about it: for a file that belongs to none.</summary>
    public string Finding { get; }

    /// <summary>The file, the offset and what was found there, without what a node should do that starts: for one that runs.</summary>
    public string Diagnosis => OffsetBytes < 0 ? $"{Path}: {Finding}" : $"{Path}, offset {OffsetBytes}: {Finding}";
}
