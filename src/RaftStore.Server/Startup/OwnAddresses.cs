using RaftStore.Node;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Server.Discovery;
using RaftStore.Server.Settings;

namespace RaftStore.Server.Startup;

/// <summary>Tells the members this node's addresses, once after every start, where the configuration has others: so a node that comes back on
/// another machine or port needs nobody who tells them. What an operator changes afterwards stays.</summary>
internal sealed class OwnAddresses : IDisposable
{
    /// <summary>Time between two looks, in milliseconds.</summary>
    private const int LookMs = 250;

    /// <summary>Time between two attempts that failed, in milliseconds.</summary>
    private const int RetryMs = 2000;

    /// <summary>Time for one attempt, in milliseconds.</summary>
    private const int AttemptMs = 5000;

    private readonly Node.Node _node;
    private readonly NodeClock _clock;
    private readonly PeerIdentity _self;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Makes it; it does nothing before <see cref="Start"/>.</summary>
    public OwnAddresses(Node.Node node, NodeClock clock, PeerIdentity self, ILogger log)
    {
        _node = node;
        _clock = clock;
        _self = self;
        _log = log;
    }

    /// <summary>Begins to look, on the thread pool, until the members know.</summary>
    public void Start() => _ = Task.Run(RunAsync);

    /// <inheritdoc/>
    public void Dispose() => _stop.Cancel();

    /// <summary>What the members have to be told.</summary>
    /// <param name="self">This node.</param>
    /// <param name="members">The configuration.</param>
    /// <returns>Null where they know.</returns>
    public static UpdateMember? FindChange(PeerIdentity self, Configuration members)
    {
        if (members.Find(self.Id) is not { } entry)
        {
            return null;
        }

        bool isPeerNew = !string.Equals(entry.PeerAddress, self.PeerAddress, StringComparison.OrdinalIgnoreCase) && HostPort.TryParse(self.PeerAddress, out HostPort peer) && peer.Port != 0;

        bool isClientNew = !string.Equals(entry.ClientAddress, self.ClientAddress, StringComparison.OrdinalIgnoreCase)
            && HostPort.TryParseHttpUrl(self.ClientAddress, out HostPort client) && client.Port != 0;

        // A founder's entry has no client address: handshakes tell it, and that alone is not worth an entry in the log.
        bool isWorthIt = isPeerNew || (isClientNew && entry.ClientAddress.Length > 0);
        return isWorthIt ? new UpdateMember(self.Id, isPeerNew ? self.PeerAddress : null, isClientNew ? self.ClientAddress : null, Instance: null) : null;
    }

    private async Task RunAsync()
    {
        bool isMoving = false;
        AdminResult? told = null;
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                await Task.Delay(LookMs, _stop.Token);
                NodeStatus status = _node.Status;
                bool canLook = !status.Leader.IsNone && !status.IsRemoved && status.AppliedConfiguration.IsMember(_self.Id);
                if (!canLook)
                {
                    continue;
                }

                if (FindChange(_self, status.AppliedConfiguration) is not { } change)
                {
                    if (isMoving)
                    {
                        DiscoveryLog.Moved(_log, _self.Id, status.Term, status.AppliedIndex);
                    }

                    return;
                }

                if (!isMoving)
                {
                    Member entry = status.AppliedConfiguration.Find(_self.Id)!;
                    DiscoveryLog.Moving(_log, _self.Id, entry.PeerAddress, entry.ClientAddress, _self.PeerAddress, _self.ClientAddress);
                    isMoving = true;
                }

                AdminOutcome outcome = await _node.ChangeMembershipAsync(change, _clock.NowMs + AttemptMs);

                // Done, or perhaps done: this node's own log will tell.
                bool mayBeDone = outcome.Result is AdminResult.Done or AdminResult.AlreadySo or AdminResult.Unknown or AdminResult.TimedOut or AdminResult.NoLeader;
                if (!mayBeDone && told != outcome.Result)
                {
                    DiscoveryLog.NotMoved(_log, _self.Id, outcome.Result);
                    told = outcome.Result;
                }

                await Task.Delay(mayBeDone ? LookMs : RetryMs, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }
}
