using System.Runtime.InteropServices;

namespace RaftStore.Storage;

/// <summary>The disk of a Linux machine, by system calls, so that every error is seen: the base class library's own flush
/// returns normally when fsync fails, and it has no call to sync a directory. Linux only. Any thread.</summary>
public sealed class PosixFileSystem : IFileSystem
{
    private const uint FileMode = 0x180;      // 0600
    private const uint DirectoryMode = 0x1C0; // 0700

    /// <summary>Does nothing yet.</summary>
    /// <exception cref="PlatformNotSupportedException">The system is not Linux.</exception>
    public PosixFileSystem()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException(
                "RaftStore keeps its data on Linux only: its promise that an acknowledged write is durable rests on Linux's fdatasync, rename and flock.");
        }
    }

    /// <inheritdoc/>
    public IFile Open(string path, FileOpenMode mode)
    {
        int flags = Libc.CloseOnExec | mode switch
        {
            FileOpenMode.Read => Libc.ReadOnly,
            FileOpenMode.ReadWrite => Libc.ReadWrite,
            FileOpenMode.CreateNew => Libc.ReadWrite | Libc.Create | Libc.Exclusive,
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "not a mode to open a file in"),
        };
        return new PosixFile(path, OpenDescriptor(path, flags));
    }

    /// <inheritdoc/>
    public bool FileExists(string path) => Exists(path) && !Directory.Exists(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Exists(path) && Directory.Exists(path);

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        if (Libc.MkDir(path, DirectoryMode) == 0)
        {
            return;
        }

        int errno = Marshal.GetLastPInvokeError();
        string? parent = System.IO.Path.GetDirectoryName(System.IO.Path.TrimEndingDirectorySeparator(path));
        if (errno == Libc.NoEntry && !string.IsNullOrEmpty(parent) && !DirectoryExists(parent))
        {
            CreateDirectory(parent);
            CreateDirectory(path);
        }
        else if (errno != Libc.AlreadyExists || !Directory.Exists(path))
        {
            throw Libc.Failure(errno, "mkdir", path, -1);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory) => List(directory, Directory.GetFiles);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListDirectories(string directory) => List(directory, Directory.GetDirectories);

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        if (Libc.Rename(from, to) != 0)
        {
            throw Libc.Failure("rename", from);
        }
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        if (Libc.Unlink(path) != 0)
        {
            throw Libc.Failure("unlink", path);
        }
    }

    /// <inheritdoc/>
    public void DeleteDirectory(string path)
    {
        if (Libc.RmDir(path) != 0)
        {
            throw Libc.Failure("rmdir", path);
        }
    }

    /// <inheritdoc/>
    public void SyncDirectory(string directory)
    {
        int descriptor = OpenDescriptor(directory, Libc.ReadOnly | Libc.CloseOnExec);
        try
        {
            while (Libc.FSync(descriptor) != 0)
            {
                if (!Libc.WasInterrupted())
                {
                    throw Libc.Failure("fsync", directory);
                }
            }
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }

    /// <inheritdoc/>
    public IDisposable? TryLock(string path)
    {
        PosixFile file = new(path, OpenDescriptor(path, Libc.ReadWrite | Libc.Create | Libc.CloseOnExec));
        while (true)
        {
            if (file.TryLock(out int errno))
            {
                return file;
            }

            if (errno == Libc.Interrupted)
            {
                continue;
            }

            file.Dispose();
            return errno == Libc.WouldBlock ? null : throw Libc.Failure(errno, "flock", path, -1);
        }
    }

    private static int OpenDescriptor(string path, int flags)
    {
        while (true)
        {
            int descriptor = Libc.Open(path, flags, FileMode);
            if (descriptor >= 0)
            {
                return descriptor;
            }

            if (!Libc.WasInterrupted())
            {
                throw Libc.Failure("open", path);
            }
        }
    }

    /// <summary>Only «no such name» is an answer: a directory that may not be entered or a failing disk is an error, since a file
    /// that is taken for missing is made anew.</summary>
    private static bool Exists(string path)
    {
        if (Libc.Access(path, Libc.Exists) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() is Libc.NoEntry or Libc.NotDirectory ? false : throw Libc.Failure("access", path);
    }

    private static List<string> List(string directory, Func<string, string[]> entries)
    {
        try
        {
            List<string> names = [.. entries(directory).Select(entry => System.IO.Path.GetFileName(entry))];
            names.Sort(StringComparer.Ordinal);
            return names;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageIoException("readdir", directory, -1, 0, failure.Message, failure);
        }
    }
}
