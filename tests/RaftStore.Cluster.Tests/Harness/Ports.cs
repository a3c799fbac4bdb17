using System.Net;
using System.Net.Sockets;

namespace RaftStore.Cluster.Tests.Harness;

/// <summary>Ports for nodes, each given out once. They lie below the range from which the system takes ports for outgoing
/// connections: a node that is down for a while must find its own free again.</summary>
internal static class Ports
{
    private const int First = 20_000;
    private const int End = 32_000;

    private static int _next = First + (Environment.ProcessId * 97 % (End - First));

    public static int Next()
    {
        for (int tries = 0; tries < End - First; tries++)
        {
            int port = First + ((Interlocked.Increment(ref _next) - First) % (End - First));
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"No port from {First} to {End} is free.");
    }

    /// <summary>A base port such that the five ports after it, and the five after it and 100, are free.</summary>
    public static int NextBase()
    {
        for (int tries = 0; tries < 1000; tries++)
        {
            int start = Next();
            if (start + 106 < End && Enumerable.Range(1, 5).All(node => IsFree(start + node) && IsFree(start + 100 + node)))
            {
                return start;
            }
        }

        throw new InvalidOperationException($"No ten ports from {First} to {End} are free.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
