using RaftStore.Raft;

namespace RaftStore.Node.Forwarding;

/// <summary>Lets each forwarded command through once. A connection of ours delivers nothing twice, but the promise that a write is
/// applied at most once shall not hang on that: a frame that is replayed within the leader's term is noticed here, and one
/// from another term is refused by its term. Pump thread.</summary>
internal sealed class ForwardGate
{
    /// <summary>Ids remembered below the newest of a sender: far more than can overtake each other on the way.</summary>
    private const int WindowIds = 1 << 16;

    /// <summary>Runs of other members that are remembered in one term; a member that restarts more often than this within a
    /// term has its oldest run forgotten.</summary>
    private const int SendersMax = 64;

    private readonly List<Sender> _senders = [];
    private long _term;

    /// <summary>Marks an id as seen.</summary>
    /// <returns>False where it was seen before in this term, or is too old to tell: the command must be dropped without an answer.</returns>
    public bool TryPass(long term, NodeId from, ulong id)
    {
        if (term != _term)
        {
            _senders.Clear();
            _term = term;
        }

        return SenderOf(from, id >> 32).TryPass((long)(id & uint.MaxValue));
    }

    private Sender SenderOf(NodeId from, ulong run)
    {
        for (int i = _senders.Count - 1; i >= 0; i--)
        {
            if (_senders[i].From == from && _senders[i].Run == run)
            {
                return _senders[i];
            }
        }

        if (_senders.Count == SendersMax)
        {
            _senders.RemoveAt(0);
        }

        Sender sender = new(from, run);
        _senders.Add(sender);
        return sender;
    }

    /// <summary>The ids that one run of a member has used: a bit for each of the last ones.</summary>
    private sealed class Sender(NodeId from, ulong run)
    {
        private readonly ulong[] _seen = new ulong[WindowIds / 64];
        private long _newest = -1;

        public NodeId From { get; } = from;

        public ulong Run { get; } = run;

        public bool TryPass(long id)
        {
            if (id <= _newest - WindowIds)
            {
                return false;
            }

            for (long gap = Math.Max(_newest + 1, id - WindowIds + 1); gap <= id; gap++)
            {
                Clear(gap);
            }

            _newest = Math.Max(_newest, id);
            ref ulong word = ref _seen[(id % WindowIds) / 64];
            ulong bit = 1UL << (int)(id % 64);
            bool isNew = (word & bit) == 0;
            word |= bit;
            return isNew;
        }

        private void Clear(long id) => _seen[(id % WindowIds) / 64] &= ~(1UL << (int)(id % 64));
    }
}
