using System.Net;
using System.Net.Sockets;

namespace RaftStore.Server.Peers;

/// <summary>One TCP connection to a peer, and the one place that touches its bytes: encryption will stand here, between the socket and
/// everybody else. One thread reads, one sends, any thread closes.</summary>
internal sealed class PeerSocket : IDisposable
{
    /// <summary>The most pieces that one send gathers; the runtime needs no heap memory up to this number.</summary>
    public const int GatherMax = 16;

    private readonly Socket _socket;
    private readonly PeerMeter _meter;
    private int _isClosed;

    /// <summary>Takes a socket over: an accepted one, or one that <see cref="Connect"/> made.</summary>
    public PeerSocket(Socket socket, PeerMeter meter)
    {
        _socket = socket;
        _meter = meter;
        Remote = DescribeRemote(socket);

        // Frames are gathered by us and are to leave at once.
        _socket.NoDelay = true;
        NoticeDeadPeers(_socket);
        _meter.CountOpened();
    }

    /// <summary>The other end, for the log.</summary>
    public string Remote { get; }

    /// <summary>True once <see cref="Dispose"/> was called.</summary>
    public bool IsClosed => Volatile.Read(ref _isClosed) != 0;

    /// <summary>Dials.</summary>
    /// <exception cref="SocketException">Nobody answers there, or not in time.</exception>
    public static PeerSocket Connect(IPEndPoint target, int timeoutMs, PeerMeter meter)
    {
        Socket socket = new(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        try
        {
            BeginConnect(socket, target);
            if (!socket.Poll(TimeSpan.FromMilliseconds(timeoutMs), SelectMode.SelectWrite))
            {
                throw new SocketException((int)SocketError.TimedOut);
            }

            int error = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            if (error != 0)
            {
                throw new SocketException(error);
            }

            return new PeerSocket(socket, meter);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Reads what there is, waiting until there is something.</summary>
    /// <returns>0 at the end of the stream, -1 where nothing came in time.</returns>
    /// <exception cref="SocketException">The connection broke.</exception>
    public int Receive(Span<byte> target, int timeoutMs)
    {
        SocketError error;
        int count;
        if (_socket.Blocking)
        {
            if (_socket.ReceiveTimeout != timeoutMs)
            {
                _socket.ReceiveTimeout = timeoutMs;
            }

            count = _socket.Receive(target, SocketFlags.None, out error);
        }
        else
        {
            if (!_socket.Poll(TimeSpan.FromMilliseconds(timeoutMs), SelectMode.SelectRead))
            {
                return -1;
            }

            count = _socket.Receive(target, SocketFlags.None, out error);
        }

        if (error is SocketError.TimedOut or SocketError.WouldBlock)
        {
            return -1;
        }

        if (error != SocketError.Success)
        {
            throw new SocketException((int)error);
        }

        _meter.CountReceived(count);
        return count;
    }

    /// <summary>Sends all of a short message, waiting where it must.</summary>
    /// <exception cref="SocketException">The connection broke, or the other side did not take it in time.</exception>
    public void SendAll(ReadOnlySpan<byte> source, int timeoutMs)
    {
        while (!source.IsEmpty)
        {
            if (!_socket.Poll(TimeSpan.FromMilliseconds(timeoutMs), SelectMode.SelectWrite))
            {
                throw new SocketException((int)SocketError.TimedOut);
            }

            int count = _socket.Send(source, SocketFlags.None, out SocketError error);
            if (error is not (SocketError.Success or SocketError.WouldBlock))
            {
                throw new SocketException((int)error);
            }

            _meter.CountSent(count);
            source = source[count..];
        }
    }

    /// <summary>Sends as much as the kernel takes without waiting. Only on a connection that <see cref="Connect"/> made.</summary>
    /// <param name="pieces">At most <see cref="GatherMax"/>.</param>
    /// <param name="broke">True where the connection broke.</param>
    /// <returns>How many bytes it took.</returns>
    public int TrySend(IList<ArraySegment<byte>> pieces, out bool broke)
    {
        try
        {
            int count = _socket.Send(pieces, SocketFlags.None, out SocketError error);
            broke = error is not (SocketError.Success or SocketError.WouldBlock);
            _meter.CountSent(count);
            return count;
        }
        catch (ObjectDisposedException)
        {
            broke = true;
            return 0;
        }
    }

    /// <summary>Waits until the kernel takes more bytes.</summary>
    /// <returns>False where it did not in time.</returns>
    /// <exception cref="SocketException">The connection broke.</exception>
    public bool WaitWritable(int timeoutMs) => _socket.Poll(TimeSpan.FromMilliseconds(timeoutMs), SelectMode.SelectWrite);

    /// <summary>True where the other side has closed a connection on which it never sends, or sends where it must not.</summary>
    public bool IsOverForSender()
    {
        try
        {
            return _socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    /// <summary>Closes the connection and ends every wait on it. Any thread, any number of times.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
        {
            return;
        }

        _meter.CountClosed();
        try
        {
            // A thread blocked in a receive wakes by this and not by closing the descriptor under it.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side was quicker.
        }

        _socket.Dispose();
    }

    private static void BeginConnect(Socket socket, IPEndPoint target)
    {
        try
        {
            socket.Connect(target);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // It goes on; the caller waits for it.
        }
    }

    /// <summary>Lets the kernel give up on a peer whose machine is gone within seconds rather than a quarter of an hour. There is always
    /// something unanswered to notice it by: keep-alives.</summary>
    private static void NoticeDeadPeers(Socket socket)
    {
        const int tcpLevel = 6;
        const int tcpUserTimeout = 18;
        const int unansweredMs = 10_000;
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(tcpLevel, tcpUserTimeout, BitConverter.GetBytes(unansweredMs));
        }
    }

    private static string DescribeRemote(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint?.ToString() ?? "an unknown address";
        }
        catch (SocketException)
        {
            return "an unknown address";
        }
    }
}
