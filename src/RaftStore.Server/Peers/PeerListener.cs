using System.Net.Sockets;

namespace RaftStore.Server.Peers;

/// <summary>The peer port: accepts connections and gives each a thread of its own, on which the handshake and everything after it runs.</summary>
/// <remarks>Connections in their handshake are bounded by <see cref="PeerLimits.HandshakesMax"/>; those after it by what
/// <see cref="PeerReception"/> lets stand, one for each member and channel.</remarks>
internal sealed class PeerListener : IDisposable
{
    /// <summary>Connections that the kernel holds until they are accepted.</summary>
    private const int Backlog = 64;

    /// <summary>Time before accepting again where it failed, for want of descriptors say, in milliseconds.</summary>
    private const int RetryMs = 100;

    private readonly Lock _gate = new();
    private readonly ManualResetEvent _stopped = new(initialState: false);
    private readonly HashSet<PeerSocket> _accepted = [];

    /// <summary>Those of <see cref="_accepted"/> that are in their handshake, the oldest first.</summary>
    private readonly List<PeerSocket> _handshaking = [];
    private readonly Socket _socket;
    private readonly PeerReception _reception;
    private readonly PeerMeter _meter;
    private readonly ILogger _log;
    private readonly Action<Exception> _onFatal;
    private readonly Thread _thread;

    /// <summary>Binds the port; connections wait until <see cref="Start"/>.</summary>
    /// <param name="address">host:port.</param>
    /// <param name="reception">What serves a connection.</param>
    /// <param name="meter">Counts them.</param>
    /// <param name="log">Where to log.</param>
    /// <param name="onFatal">Called where the node cannot go on, from any thread.</param>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public PeerListener(string address, PeerReception reception, PeerMeter meter, ILogger log, Action<Exception> onFatal)
    {
        _reception = reception;
        _meter = meter;
        _log = log;
        _onFatal = onFatal;
        _socket = Bind(address);
        _thread = new Thread(Accept, maxStackSize: 256 << 10) { IsBackground = true, Name = "peer listener" };
    }

    /// <summary>The port that was bound; another than the one asked for where that was 0.</summary>
    public int Port => ((System.Net.IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Begins to accept.</summary>
    public void Start()
    {
        PeerLog.Listening(_log, _socket.LocalEndPoint!.ToString()!);
        _thread.Start();
    }

    /// <summary>Closes the port and every connection that came in through it.</summary>
    public void Dispose()
    {
        _stopped.Set();
        _socket.Dispose();
        lock (_gate)
        {
            foreach (PeerSocket socket in _accepted)
            {
                socket.Dispose();
            }
        }
    }

    private static Socket Bind(string address)
    {
        Socket? socket = null;
        try
        {
            System.Net.IPEndPoint endPoint = PeerAddress.Parse(address).Resolve();
            socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch (Exception e) when (e is SocketException or FormatException)
        {
            socket?.Dispose();
            throw new IOException($"Cannot listen for peers on {address} (--peer-listen): {e.Message}", e);
        }
    }

    private void Accept()
    {
        while (!_stopped.WaitOne(0))
        {
            try
            {
                Take(_socket.Accept());
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                if (_stopped.WaitOne(0))
                {
                    return;
                }

                PeerLog.AcceptFailed(_log, e.Message);
                _stopped.WaitOne(RetryMs);
            }
        }
    }

    private void Take(Socket accepted)
    {
        PeerSocket socket = new(accepted, _meter);
        PeerSocket? oldest = null;
        lock (_gate)
        {
            if (_handshaking.Count == PeerLimits.HandshakesMax)
            {
                oldest = _handshaking[0];
                _handshaking.RemoveAt(0);
            }

            _accepted.Add(socket);
            _handshaking.Add(socket);
        }

        if (oldest is not null)
        {
            oldest.Dispose();
            _reception.NoteRefusal(oldest.Remote, $"it was the oldest of {PeerLimits.HandshakesMax} that had not ended their handshake");
        }

        Thread thread = new(() => Serve(socket), maxStackSize: 256 << 10) { IsBackground = true, Name = $"from {socket.Remote}" };
        thread.Start();
    }

    private void Serve(PeerSocket socket)
    {
        try
        {
            if (!_stopped.WaitOne(0))
            {
                _reception.Serve(socket, () => EndHandshake(socket));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side went away, or this node closed it: there is nobody left to tell.
        }
        catch (OutOfMemoryException e)
        {
            // The peer would connect anew and send the same frame, for ever: it is committed, and this node cannot hold it.
            _onFatal(e);
        }
        catch (Exception e)
        {
            PeerLog.ServingFailed(_log, socket.Remote, e);
        }
        finally
        {
            socket.Dispose();
            EndHandshake(socket);
            lock (_gate)
            {
                _accepted.Remove(socket);
            }
        }
    }

    private void EndHandshake(PeerSocket socket)
    {
        lock (_gate)
        {
            _handshaking.Remove(socket);
        }
    }
}
