using System.Runtime.InteropServices;

namespace RaftStore.Storage;

/// <summary>The system calls that the log needs and the base class library either lacks (a directory's fsync, flock) or calls
/// without reporting their errors (fdatasync). Numbers are Linux's, and the same on x64 and Arm64.</summary>
internal static partial class Libc
{
    internal const int ReadOnly = 0;
    internal const int ReadWrite = 2;
    internal const int Create = 0x40;
    internal const int Exclusive = 0x80;
    internal const int CloseOnExec = 0x80000;

    internal const int SeekEnd = 2;
    internal const int LockExclusive = 2;
    internal const int LockNonBlocking = 4;
    internal const int Exists = 0;

    internal const int NoEntry = 2;
    internal const int Interrupted = 4;
    internal const int InputOutput = 5;
    internal const int WouldBlock = 11;
    internal const int AlreadyExists = 17;
    internal const int NotDirectory = 20;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    internal static unsafe partial nint PRead(int descriptor, byte* target, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    internal static unsafe partial nint PWrite(int descriptor, byte* source, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    internal static partial long LSeek(int descriptor, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    internal static partial int FDataSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    internal static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    internal static partial int FLock(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int RmDir(string path);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MkDir(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Access(string path, int mode);

    /// <summary>The exception for the call that has just failed on this thread.</summary>
    internal static StorageIoException Failure(string operation, string path, long offsetBytes = -1)
        => Failure(Marshal.GetLastPInvokeError(), operation, path, offsetBytes);

    /// <summary>The exception for a call that failed with <paramref name="errno"/>.</summary>
    internal static StorageIoException Failure(int errno, string operation, string path, long offsetBytes)
        => new(operation, path, offsetBytes, errno, Marshal.GetPInvokeErrorMessage(errno));

    /// <summary>True where the call that has just failed on this thread was only interrupted by a signal and must be made again.</summary>
    internal static bool WasInterrupted() => Marshal.GetLastPInvokeError() == Interrupted;
}
