using System.ComponentModel;
using System.Runtime.InteropServices;

namespace RaftStore.Kvctl.Bench;

/// <summary>
/// Linux's readiness interface, and sends and receipts that never block. One thread drives many connections with it at
/// the price of the system calls alone, which is what leaves the cores to the servers under test.
/// </summary>
internal sealed unsafe partial class Epoll : IDisposable
{
    public const uint Readable = 0x001;
    public const uint Writable = 0x004;

    /// <summary>What <see cref="Send"/> and <see cref="Receive"/> return when the call would have blocked.</summary>
    public const int WouldBlock = -1;

    /// <summary>What they return when the connection is broken.</summary>
    public const int Broken = -2;

    private const int EventsMax = 256;
    private const int ControlAdd = 1;
    private const int ControlDelete = 2;
    private const int ControlModify = 3;
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;

    /// <summary><c>struct epoll_event</c> is packed on x86-64 and nowhere else.</summary>
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventBytes - sizeof(ulong);

    private readonly int _descriptor;
    private readonly byte* _events = (byte*)NativeMemory.Alloc(EventsMax * 16);

    public Epoll()
    {
        _descriptor = EpollCreate(0);
        if (_descriptor < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    public void Dispose()
    {
        Close(_descriptor);
        NativeMemory.Free(_events);
    }

    /// <summary>Watches a connection for being readable; <paramref name="token"/> comes back with its events.</summary>
    public void Add(int socket, int token) => Control(ControlAdd, socket, Readable, token);

    /// <summary>Changes what a connection is watched for.</summary>
    public void Modify(int socket, uint interest, int token) => Control(ControlModify, socket, interest, token);

    /// <summary>Stops watching a connection.</summary>
    public void Remove(int socket) => Control(ControlDelete, socket, 0, 0);

    /// <summary>Waits until a connection is ready, and returns how many are; 0 when the time is over.</summary>
    public int Wait(int timeoutMs)
    {
        int count = EpollWait(_descriptor, _events, EventsMax, timeoutMs);
        return count >= 0 ? count
            : Marshal.GetLastPInvokeError() == Interrupted ? 0
            : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>The token of the event at this place of the last wait.</summary>
    public int Token(int index) => *(int*)(_events + (index * EventBytes) + DataOffset);

    /// <summary>Sends what the connection takes now; the count, or one of the constants above.</summary>
    public static int Send(int socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return Result(SendNative(socket, start, bytes.Length, DontWait | NoSignal));
        }
    }

    /// <summary>Receives what has come; the count (0: the other side has closed), or one of the constants above.</summary>
    public static int Receive(int socket, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            return Result(ReceiveNative(socket, start, buffer.Length, DontWait));
        }
    }

    private static int Result(nint count) => count >= 0 ? (int)count : Marshal.GetLastPInvokeError() is TryAgain or Interrupted ? WouldBlock : Broken;

    private void Control(int operation, int socket, uint interest, int token)
    {
        byte* change = stackalloc byte[16];
        *(uint*)change = interest;
        *(ulong*)(change + DataOffset) = (uint)token;
        if (EpollControl(_descriptor, operation, socket, change) < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int descriptor, int operation, int socket, byte* change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int EpollWait(int descriptor, byte* events, int eventsMax, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint SendNative(int socket, byte* bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint ReceiveNative(int socket, byte* bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
