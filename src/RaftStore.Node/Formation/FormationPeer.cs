using RaftStore.Raft;

namespace RaftStore.Node.Formation;

/// <summary>What one founder knows of another. It believes only what the other has said in its present life: a message counts when it
/// gives back a challenge that was drawn after this life of the other was first heard of. What a former life of it said, however late
/// it arrives, gives back an older one.</summary>
internal sealed class FormationPeer(Member member)
{
    private ulong _incarnation;
    private long _lastSequence;

    /// <summary>Its place in the founding list.</summary>
    public Member Member { get; } = member;

    /// <summary>What it must echo to be believed; 0 until it was heard for the first time.</summary>
    public ulong Challenge { get; private set; }

    /// <summary>Its challenge to this node, to be echoed.</summary>
    public ulong Echo { get; private set; }

    /// <summary>The newest of its messages that counts, or null.</summary>
    public FormationStatus? Believed { get; private set; }

    /// <summary>When it was heard last, in monotonic milliseconds; -1 for never.</summary>
    public long LastHeardMs { get; private set; } = -1;

    /// <summary>Why it cannot be reached at the moment, for people; null where nothing is known to be wrong.</summary>
    public string? Trouble { get; set; }

    /// <summary>Takes one of its messages.</summary>
    /// <returns>True where that changed what it is believed to be, or what it must be told.</returns>
    public bool Receive(FormationStatus status, long nowMs, Func<ulong> draw)
    {
        bool isNewLife = status.Incarnation != _incarnation || Challenge == 0;
        if (isNewLife)
        {
            _incarnation = status.Incarnation;
            _lastSequence = long.MinValue;
            Challenge = DrawNonZero(draw);
            Believed = null;
        }
        else if (status.Sequence <= _lastSequence)
        {
            return false;
        }

        _lastSequence = status.Sequence;
        LastHeardMs = nowMs;
        Trouble = null;
        bool hasNewEcho = Echo != status.Challenge;
        Echo = status.Challenge;
        if (status.Echo != Challenge)
        {
            return isNewLife || hasNewEcho;
        }

        FormationStatus? before = Believed;
        Believed = status;
        return isNewLife || hasNewEcho || before is null || SaysSomethingElse(before, status);
    }

    private static bool SaysSomethingElse(FormationStatus before, FormationStatus now) =>
        before.Cluster != now.Cluster || before.IsFormed != now.IsFormed || before.Met.Length != now.Met.Length
        || !FoundingList.AreEqual(before.Founders, now.Founders);

    private static ulong DrawNonZero(Func<ulong> draw)
    {
        ulong value;
        do
        {
            value = draw();
        }
        while (value == 0);
        return value;
    }
}
