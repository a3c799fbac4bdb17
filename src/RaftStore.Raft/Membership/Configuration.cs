using System.Collections.Immutable;

namespace RaftStore.Raft;

/// <summary>Who belongs to the cluster and who votes. Immutable. A configuration takes effect when it is appended to the
/// log, not when it commits (thesis §4.1), and ends when its entry is truncated.</summary>
/// <remarks>
/// Members are voters or learners. While a change of voters is under way the configuration is <em>joint</em> (thesis §4.3): whatever
/// needs a majority needs one of <see cref="VoterIds"/> and one of <see cref="OutgoingIds"/>, the voters before the change.
/// </remarks>
public sealed class Configuration
{
    private readonly ImmutableArray<NodeId> _ids;

    /// <summary>A configuration of voters alone, as a cluster is founded with.</summary>
    /// <exception cref="ArgumentException">No voter, an id of 0, or an id or name that occurs twice.</exception>
    public Configuration(IEnumerable<Member> voters)
        : this([.. voters], [], [], NodeId.None)
    {
    }

    /// <summary>Any configuration.</summary>
    /// <param name="voters">Who votes from this configuration on.</param>
    /// <param name="outgoing">Who voted before, where a change is under way; members that are also among the voters, and those that
    /// leave. Empty otherwise.</param>
    /// <param name="learners">Who receives the log and does not vote.</param>
    /// <param name="nextId">The id for the next member; where it is not above all ids in use, the one after the highest is.</param>
    /// <exception cref="ArgumentException">No voter, an id of 0, an id with two descriptions, or a name that occurs twice.</exception>
    public Configuration(IReadOnlyCollection<Member> voters, IReadOnlyCollection<Member> outgoing, IReadOnlyCollection<Member> learners, NodeId nextId)
    {
        Voters = [.. voters.OrderBy(member => member.Id)];
        VoterIds = [.. Voters.Select(member => member.Id)];
        OutgoingIds = [.. outgoing.Select(member => member.Id).Order()];
        Learners = [.. learners.OrderBy(member => member.Id)];
        Members = [.. voters.Concat(outgoing.Where(member => VoterIds.BinarySearch(member.Id) < 0)).Concat(learners).OrderBy(member => member.Id)];
        AllVoterIds = [.. VoterIds.Union(OutgoingIds).Order()];
        _ids = [.. Members.Select(member => member.Id)];
        Check();
        NextId = nextId > _ids[^1] ? nextId : new NodeId(_ids[^1].Value + 1);
    }

    /// <summary>Everybody who belongs to the cluster, in order of their ids: voters, those whose vote is about to end, and learners.</summary>
    public ImmutableArray<Member> Members { get; }

    /// <summary>The voters in order of their ids; during a change those after it.</summary>
    public ImmutableArray<Member> Voters { get; }

    /// <summary>The ids of <see cref="Voters"/>, in the same order.</summary>
    public ImmutableArray<NodeId> VoterIds { get; }

    /// <summary>The ids of the voters before the change that is under way, in order; empty where none is.</summary>
    public ImmutableArray<NodeId> OutgoingIds { get; }

    /// <summary>Everybody with a vote: <see cref="VoterIds"/> and <see cref="OutgoingIds"/>, each once, in order.</summary>
    public ImmutableArray<NodeId> AllVoterIds { get; }

    /// <summary>Members without a vote, in order of their ids.</summary>
    public ImmutableArray<Member> Learners { get; }

    /// <summary>The id that the next member gets. It never goes back, so no id is used a second time.</summary>
    public NodeId NextId { get; }

    /// <summary>True while a change of voters is under way: two majorities are needed.</summary>
    public bool IsJoint => !OutgoingIds.IsEmpty;

    /// <summary>True where <paramref name="id"/> has a vote, be it only until the change under way is over.</summary>
    public bool IsVoter(NodeId id) => AllVoterIds.BinarySearch(id) >= 0;

    /// <summary>True where <paramref name="id"/> has a vote that the change under way, if there is one, does not end.</summary>
    public bool KeepsVote(NodeId id) => VoterIds.BinarySearch(id) >= 0;

    /// <summary>True where <paramref name="id"/> belongs to the cluster.</summary>
    public bool IsMember(NodeId id) => _ids.BinarySearch(id) >= 0;

    /// <summary>True where <paramref name="id"/> belongs to the cluster and has no vote.</summary>
    public bool IsLearner(NodeId id) => IsMember(id) && !IsVoter(id);

    /// <summary>True where nobody but <paramref name="id"/> has a vote.</summary>
    public bool IsSoleVoter(NodeId id) => AllVoterIds.Length == 1 && AllVoterIds[0] == id;

    /// <summary>True where <paramref name="id"/> was given to a member that is none any more: it left, and the id stays unused.</summary>
    public bool WasRemoved(NodeId id) => !id.IsNone && id < NextId && !IsMember(id);

    /// <summary>The member with that id, or null.</summary>
    public Member? Find(NodeId id) => _ids.BinarySearch(id) is >= 0 and int place ? Members[place] : null;

    /// <summary>This configuration with one learner more, who takes the next id.</summary>
    internal Configuration WithLearner(Member learner)
        => new(Voters, Outgoing(), [.. Learners, learner with { Id = NextId }], new NodeId(NextId.Value + 1));

    /// <summary>This configuration without that learner.</summary>
    internal Configuration WithoutLearner(NodeId id) => new(Voters, Outgoing(), [.. Learners.Where(learner => learner.Id != id)], NextId);

    /// <summary>This configuration with every member described anew; ids and votes stay.</summary>
    public Configuration Map(Func<Member, Member> describe)
        => new([.. Voters.Select(describe)], [.. Outgoing().Select(describe)], [.. Learners.Select(describe)], NextId);

    /// <summary>This configuration with one member described anew.</summary>
    internal Configuration With(Member member) => Map(old => old.Id == member.Id ? member : old);

    /// <summary>Joins the old majority and the new (thesis §4.3, C_old,new): from here on both are needed. Voters that are not among
    /// <paramref name="voters"/> keep their vote in the old majority until <see cref="Leave"/>.</summary>
    internal Configuration Enter(IReadOnlyCollection<NodeId> voters)
    {
        Invariant.Check(!IsJoint, $"a change to {voters.Count} voters within another change");
        return new Configuration(
            [.. Members.Where(member => voters.Contains(member.Id)).Select(AsVoter)],
            [.. Voters],
            [.. Learners.Where(learner => !voters.Contains(learner.Id))],
            NextId);
    }

    /// <summary>Ends the change (thesis §4.3, C_new): only the new majority is needed, and who is no voter of it has left.</summary>
    internal Configuration Leave()
    {
        Invariant.Check(IsJoint, $"the end of a change of {VoterIds.Length} voters that never began");
        return new Configuration(Voters, [], Learners, NextId);
    }

    private static Member AsVoter(Member member) => member with { PromotesItself = false, Replaces = NodeId.None };

    private Member[] Outgoing() => [.. Members.Where(member => OutgoingIds.BinarySearch(member.Id) >= 0)];

    private void Check()
    {
        if (Voters.IsEmpty || _ids[0].IsNone)
        {
            throw new ArgumentException("A configuration needs at least one voter, and every member an id above 0.");
        }

        for (int place = 1; place < _ids.Length; place++)
        {
            if (_ids[place] == _ids[place - 1])
            {
                throw new ArgumentException($"Member {_ids[place]} occurs twice.");
            }
        }

        // One who leaves may have handed its name to the one who comes.
        Member[] byName = [.. Voters.Concat(Learners).OrderBy(member => member.Name, StringComparer.Ordinal).ThenBy(member => member.Id)];
        for (int place = 1; place < byName.Length; place++)
        {
            if (byName[place].Name == byName[place - 1].Name && byName[place].Replaces != byName[place - 1].Id)
            {
                throw new ArgumentException($"The name {byName[place].Name} occurs twice.");
            }
        }
    }
}
