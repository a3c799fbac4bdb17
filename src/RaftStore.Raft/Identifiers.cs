using System.Globalization;

namespace RaftStore.Raft;

/// <summary>A member of a cluster. Founders are 1…n; an id is never used a second time. Zero means «nobody».</summary>
public readonly record struct NodeId(uint Value) : IComparable<NodeId>
{
    /// <summary>Nobody: no vote given, no leader known.</summary>
    public static readonly NodeId None;

    /// <summary>True for <see cref="None"/>.</summary>
    public bool IsNone => Value == 0;

    /// <inheritdoc/>
    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    /// <summary>The id in decimal, as the API shows it.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Compares ids by value.</summary>
    public static bool operator <(NodeId left, NodeId right) => left.Value < right.Value;

    /// <summary>Compares ids by value.</summary>
    public static bool operator >(NodeId left, NodeId right) => left.Value > right.Value;

    /// <summary>Compares ids by value.</summary>
    public static bool operator <=(NodeId left, NodeId right) => left.Value <= right.Value;

    /// <summary>Compares ids by value.</summary>
    public static bool operator >=(NodeId left, NodeId right) => left.Value >= right.Value;
}

/// <summary>The random number that a cluster draws when it forms; data and messages of another cluster are refused by it.</summary>
public readonly record struct ClusterId(ulong Value)
{
    /// <summary>No cluster: the node has not formed one yet.</summary>
    public static readonly ClusterId None;

    /// <summary>Sixteen lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}

/// <summary>The place of an entry in the log together with the term of the leader that made it: by the Log Matching
/// Property (thesis §3.5) it names the whole prefix up to that entry.</summary>
/// <param name="Index">1 for the first entry; 0 for the place before it.</param>
/// <param name="Term">0 only at index 0.</param>
public readonly record struct EntryId(long Index, long Term)
{
    /// <summary>The place before the first entry.</summary>
    public static readonly EntryId Zero;

    /// <summary>True where a log that ends in this entry is at least as up-to-date as one that ends in
    /// <paramref name="other"/> (thesis §3.6.1: later term, or the same term and at least as long).</summary>
    public bool IsAtLeastAsUpToDateAs(EntryId other) => Term != other.Term ? Term > other.Term : Index >= other.Index;

    /// <summary><c>index/term</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Term}");
}

/// <summary>What Figure 2 of the paper calls persistent state, the log apart. Both change together, atomically.</summary>
/// <param name="Term">currentTerm: the latest term this node has seen; it never goes back.</param>
/// <param name="VotedFor">Who got this node's vote in <paramref name="Term"/>, or <see cref="NodeId.None"/>.</param>
public readonly record struct HardState(long Term, NodeId VotedFor);

/// <summary>Names one <see cref="PersistRequest"/>. A completion from the disk names the request it completes, never
/// «up to index N»: an entry that was replaced meanwhile stays not durable.</summary>
public readonly record struct BatchToken(long Value);

/// <summary>Names one request for a read index. Drawn by the caller, never used twice, not even for a retry.</summary>
public readonly record struct ReadId(long Value);
