using RaftStore.Raft;

namespace RaftStore.Node.Forwarding;

/// <summary>What a leader knows of a forwarded command that comes in.</summary>
internal enum ForwardVerdict
{
    /// <summary>This is its first copy.</summary>
    New,

    /// <summary>Another copy came before, or may have: nothing may be said about it.</summary>
    PerhapsSeen,
}

/// <summary>Lets each forwarded command through once. A connection of ours delivers nothing twice, but the promise that a write is
/// applied at most once shall not hang on that. A command names the term whose leader it was meant for; what came in a term that
/// this run of this node leads, or has led not long ago, is remembered, and of every other term nothing is claimed: the answer
/// «not applied» to a second copy would be a lie about the first. Pump thread.</summary>
internal sealed class ForwardGate
{
    /// <summary>Ids remembered below the newest of a sender: far more than can overtake each other on the way.</summary>
    private const int WindowIds = 1 << 16;

    /// <summary>Terms that are remembered: a sender that is further behind than this waits in vain, and learns that at its deadline.</summary>
    private const int TermsMax = 4;

    /// <summary>Runs of other members that are remembered, in all these terms; a window takes 8 KiB.</summary>
    public const int SendersMax = 128;

    private readonly List<long> _terms = [];
    private readonly List<Sender> _senders = [];

    /// <summary>Runs of members that are remembered now.</summary>
    public int SenderCount => _senders.Count;

    /// <summary>This node leads that term.</summary>
    public void Lead(long term)
    {
        if (_terms.Count > 0 && _terms[^1] == term)
        {
            return;
        }

        if (_terms.Count == TermsMax)
        {
            _terms.RemoveAt(0);
            _senders.RemoveAll(sender => sender.Term < _terms[0]);
        }

        _terms.Add(term);
    }

    /// <summary>Looks at a command, and remembers it.</summary>
    public ForwardVerdict Judge(long term, NodeId from, ulong id)
    {
        bool isNew = _terms.Contains(term) && SenderOf(term, from, id >> 32).TryPass((long)(id & uint.MaxValue));
        return isNew ? ForwardVerdict.New : ForwardVerdict.PerhapsSeen;
    }

    private Sender SenderOf(long term, NodeId from, ulong run)
    {
        for (int i = _senders.Count - 1; i >= 0; i--)
        {
            if (_senders[i].Term == term && _senders[i].From == from && _senders[i].Run == run)
            {
                return _senders[i];
            }
        }

        if (_senders.Count == SendersMax)
        {
            _senders.RemoveAt(0);
        }

        Sender sender = new(term, from, run);
        _senders.Add(sender);
        return sender;
    }

    /// <summary>The ids that one run of a member has used: a bit for each of the last ones.</summary>
    private sealed class Sender(long term, NodeId from, ulong run)
    {
        private readonly ulong[] _seen = new ulong[WindowIds / 64];
        private long _newest = -1;

        public long Term { get; } = term;

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
