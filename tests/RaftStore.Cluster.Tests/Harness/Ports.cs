using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RaftStore.Cluster.Tests.Harness;

/// <summary>Ports for nodes, each given out once, and to no other test process while this one lives. They lie below the range from which
/// the system takes ports for outgoing connections: a node that is down for a while must find its own free again.</summary>
/// <remarks>Tests run side by side, and a port is bound only when its node starts. So what is given out is claimed by a name that only one
/// process of this machine can have at a time, an abstract Unix socket, which ends with the process.</remarks>
internal static class Ports
{
    private const int First = 20_000;
    private const int End = 32_000;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<int, Socket> Claims = [];

    private static int _next = First + (Environment.ProcessId * 97 % (End - First));

    /// <summary>A port for one node.</summary>
    public static int Next() => NextWith([0]);

    /// <summary>A base port such that the five ports after it, and the five after it and 100, are the caller's too.</summary>
    public static int NextBase() => NextWith([0, 1, 2, 3, 4, 5, 101, 102, 103, 104, 105]);

    /// <summary>A port such that those at these distances from it are free and are claimed.</summary>
    private static int NextWith(IReadOnlyList<int> distances)
    {
        lock (Gate)
        {
            for (int tries = 0; tries < End - First; tries++)
            {
                int start = _next;
                _next = start + 1 < End ? start + 1 : First;
                if (start + distances[^1] < End && TryClaim(start, distances))
                {
                    return start;
                }
            }
        }

        throw new InvalidOperationException($"From {First} to {End} there are no {distances.Count} free ports that belong together.");
    }

    private static bool TryClaim(int start, IReadOnlyList<int> distances)
    {
        List<int> claimed = [];
        foreach (int port in distances.Select(distance => start + distance))
        {
            if (!TryClaim(port))
            {
                foreach (int given in claimed)
                {
                    Claims.Remove(given, out Socket? claim);
                    claim?.Dispose();
                }

                return false;
            }

            claimed.Add(port);
        }

        return true;
    }

    private static bool TryClaim(int port)
    {
        var claim = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // The null character at the start makes it a name without a file.
            claim.Bind(new UnixDomainSocketEndPoint(string.Create(CultureInfo.InvariantCulture, $"\0raftstore-test-port-{port}")));
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            Claims.Add(port, claim);
            return true;
        }
        catch (SocketException)
        {
            claim.Dispose();
            return false;
        }
    }
}
