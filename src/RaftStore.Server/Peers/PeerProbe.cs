using System.Net.Sockets;
using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;

namespace RaftStore.Server.Peers;

/// <summary>What became of asking at an address.</summary>
/// <param name="Node">Who answers there; null where nobody does that this version understands.</param>
/// <param name="Trouble">Why there is no <paramref name="Node"/>; empty where there is one.</param>
internal readonly record struct PeerProbe(NodeSighting? Node, string Trouble)
{
    /// <summary>Asks, within about <paramref name="timeoutMs"/> even where the resolver hangs.</summary>
    public static async Task<PeerProbe> AskAsync(PeerIdentity asker, string address, int timeoutMs, PeerMeter meter)
    {
        // A thread of its own: it blocks, and the pool has requests to answer.
        Task<PeerProbe> asking = Task.Factory.StartNew(() => Ask(asker, address, timeoutMs, meter), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return await asking.WaitAsync(TimeSpan.FromMilliseconds(timeoutMs + 200));
        }
        catch (TimeoutException)
        {
            return new PeerProbe(null, $"no answer within {timeoutMs} ms");
        }
    }

    /// <summary>Asks; it blocks.</summary>
    public static PeerProbe Ask(PeerIdentity asker, string address, int timeoutMs, PeerMeter meter)
    {
        try
        {
            return new PeerProbe(PeerInquiry.Ask(asker, address, timeoutMs, meter), "");
        }
        catch (Exception e) when (e is SocketException or HandshakeException or FormatException or ObjectDisposedException)
        {
            return new PeerProbe(null, e.Message);
        }
    }
}
