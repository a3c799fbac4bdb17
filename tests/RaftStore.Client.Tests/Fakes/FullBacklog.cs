using System.Net;
using System.Net.Sockets;

namespace RaftStore.Client.Tests.Fakes;

/// <summary>An endpoint whose queue of connections is full, so that a further attempt to connect hangs.</summary>
internal sealed class FullBacklog : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _waiting = [];

    public FullBacklog()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
        var address = (IPEndPoint)_listener.LocalEndPoint!;
        Endpoint = new Uri($"http://127.0.0.1:{address.Port}");
        bool connected = true;
        while (connected)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _waiting.Add(socket);
            connected = socket.ConnectAsync(address).Wait(TimeSpan.FromMilliseconds(300));
        }
    }

    public Uri Endpoint { get; }

    public void Dispose()
    {
        _listener.Dispose();
        _waiting.ForEach(socket => socket.Dispose());
    }
}
