using System.Net.Sockets;

namespace RaftStore.Kvctl.Bench;

/// <summary>Opens the connections of the clients, each to its own endpoint while that one takes it, else to the next.</summary>
/// <remarks>Safe for use by many threads.</remarks>
internal sealed class Dialer(IReadOnlyList<Uri> endpoints)
{
    /// <summary>Longer than a loaded node takes to accept; a blackholed address must not hold a client for the system's two minutes.</summary>
    private static readonly TimeSpan ConnectTimeMax = TimeSpan.FromSeconds(2);

    /// <summary>The endpoint a client belongs to, and whose name its requests carry.</summary>
    public Uri EndpointOf(int client) => endpoints[client % endpoints.Count];

    /// <summary>Opens a connection for a client; null when no endpoint takes one.</summary>
    public Socket? Dial(int client)
    {
        for (int i = 0; i < endpoints.Count; i++)
        {
            if (TryConnect(EndpointOf(client + i)) is { } socket)
            {
                return socket;
            }
        }

        return null;
    }

    /// <summary>Those endpoints that take a connection now.</summary>
    public static List<Uri> Reachable(IEnumerable<Uri> endpoints)
    {
        var reachable = new List<Uri>();
        foreach (Uri endpoint in endpoints)
        {
            using Socket? socket = TryConnect(endpoint);
            if (socket is not null)
            {
                reachable.Add(endpoint);
            }
        }

        return reachable;
    }

    private static Socket? TryConnect(Uri endpoint)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // An asynchronous connect could be cancelled, but would leave the socket non-blocking for good.
            using var limit = new Timer(_ => socket.Dispose(), null, ConnectTimeMax, Timeout.InfiniteTimeSpan);
            socket.Connect(endpoint.IdnHost, endpoint.Port);
            return socket;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            socket.Dispose();
            return null;
        }
    }
}
