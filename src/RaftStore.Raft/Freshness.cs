namespace RaftStore.Raft;

/// <summary>Bounds how old this node's applied state is. A heartbeat brings back a stamp of this node's own clock: what the
/// leader had committed when it sent the heartbeat is at least as new as that stamp, less the age of the leader's contact to a
/// quorum. Clocks of two machines are never compared.</summary>
internal sealed class Freshness(long startMs)
{
    // The bound that waits to be applied, and the newest one behind it: without the first, a node that applies slowly would
    // wait for an index that moves away with every heartbeat.
    private Bound? _next;
    private Bound? _newest;

    /// <summary>The applied state holds everything acknowledged before this monotonic time; -1 where that was never known.</summary>
    public long AsOfMs { get; private set; } = -1;

    /// <summary>Takes the bound that a heartbeat carries, once <paramref name="commitIndex"/> is applied.</summary>
    public void Offer(long asOfMs, long commitIndex, long appliedIndex)
    {
        if (asOfMs < startMs)
        {
            // The stamp is from an earlier life of this node, whose clock may have been another.
            return;
        }

        var bound = new Bound(asOfMs, commitIndex);
        if (_next is null)
        {
            _next = bound;
        }
        else
        {
            _newest = bound;
        }

        Applied(appliedIndex);
    }

    /// <summary>Entries up to <paramref name="appliedIndex"/> are applied.</summary>
    public void Applied(long appliedIndex)
    {
        while (_next is { } bound && bound.CommitIndex <= appliedIndex)
        {
            Prove(bound.AsOfMs);
            _next = _newest;
            _newest = null;
        }
    }

    /// <summary>The applied state is known to hold everything acknowledged before <paramref name="asOfMs"/>.</summary>
    public void Prove(long asOfMs) => AsOfMs = Math.Max(AsOfMs, asOfMs);

    private readonly record struct Bound(long AsOfMs, long CommitIndex);
}
