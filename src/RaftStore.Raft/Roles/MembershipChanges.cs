namespace RaftStore.Raft;

/// <summary>A leader's side of membership (thesis ch. 4): which change may begin, what a change makes of the configuration, and what
/// the leader does by itself: it ends joint configurations and promotes learners that have caught up.</summary>
internal sealed class MembershipChanges(CoreState state, Replicator replicator)
{
    private Configuration InForce => state.Configuration;

    /// <summary>True where nothing is under way: the configuration in force is committed and not joint.</summary>
    private bool IsSettled => !InForce.IsJoint && state.ConfigurationIndex <= state.CommitIndex;

    /// <summary>What a wish would make of the configuration.</summary>
    /// <param name="hasCommittedInTerm">An entry of the leader's term is committed.</param>
    /// <returns>The configuration to append, or why there is none, and the member it is about.</returns>
    public (MembershipStatus Status, Configuration? Next, NodeId Member) Decide(MembershipChange change, bool hasCommittedInTerm)
    {
        if (!hasCommittedInTerm)
        {
            return (MembershipStatus.TermNotCommitted, null, NodeId.None);
        }

        if (!IsSettled)
        {
            return (MembershipStatus.ChangePending, null, NodeId.None);
        }

        return change switch
        {
            AddLearner add => Decide(add),
            PromoteLearner promote => Decide(promote),
            RemoveMember remove => Decide(remove),
            UpdateMember update => Decide(update),
            _ => throw new InvalidOperationException($"unknown change {change}"),
        };
    }

    /// <summary>What the leader appends by itself now: the end of a joint configuration whose beginning has committed, or the beginning of a
    /// learner's promotion. Null for nothing.</summary>
    public Configuration? DecideByItself(bool hasCommittedInTerm)
    {
        if (!hasCommittedInTerm || state.ConfigurationIndex > state.CommitIndex)
        {
            return null;
        }

        if (InForce.IsJoint)
        {
            return InForce.Leave();
        }

        foreach (Member learner in InForce.Learners)
        {
            if (learner.PromotesItself && Promote(learner) is (MembershipStatus.Appended, { } next))
            {
                return next;
            }
        }

        return null;
    }

    /// <summary>Time has passed: measures how learners keep up.</summary>
    public void Tick()
    {
        foreach (Progress follower in replicator.Followers)
        {
            follower.CatchUp?.Tick(follower, state.Log.Last.Index, state.NowMs);
        }
    }

    /// <summary>True where that learner could become a voter without a gap.</summary>
    public bool IsCaughtUp(Progress follower) => follower.CatchUp is { } catchUp && catchUp.IsDone(state.NowMs) && Answers(follower.Id);

    private (MembershipStatus Status, Configuration? Next, NodeId Member) Decide(AddLearner add)
    {
        if (!add.Replaces.IsNone && !InForce.KeepsVote(add.Replaces))
        {
            return (MembershipStatus.NoSuchMember, null, add.Replaces);
        }

        foreach (Member member in InForce.Members)
        {
            if (member.Id != add.Replaces && IsTaken(member, add.Name, add.PeerAddress))
            {
                return (MembershipStatus.NameOrAddressTaken, null, member.Id);
            }
        }

        if (InForce.Members.Length >= ConfigurationCodec.MembersMax)
        {
            return (MembershipStatus.TooManyMembers, null, NodeId.None);
        }

        var learner = new Member(InForce.NextId, add.Name, add.PeerAddress, add.ClientAddress)
        {
            Instance = add.Instance,
            PromotesItself = add.PromotesItself,
            Replaces = add.Replaces,
        };
        return (MembershipStatus.Appended, InForce.WithLearner(learner), learner.Id);
    }

    private (MembershipStatus Status, Configuration? Next, NodeId Member) Decide(PromoteLearner promote)
    {
        if (InForce.Find(promote.Id) is not { } learner)
        {
            return (MembershipStatus.NoSuchMember, null, promote.Id);
        }

        if (!InForce.IsLearner(promote.Id))
        {
            return (MembershipStatus.NotALearner, null, promote.Id);
        }

        (MembershipStatus status, Configuration? next) = Promote(learner);
        return (status, next, promote.Id);
    }

    private (MembershipStatus Status, Configuration? Next) Promote(Member learner)
    {
        if (!IsCaughtUp(replicator[learner.Id]))
        {
            return (MembershipStatus.NotCaughtUp, null);
        }

        NodeId[] voters = [.. InForce.VoterIds.Where(voter => voter != learner.Replaces), learner.Id];
        return CanCommit(voters) ? (MembershipStatus.Appended, InForce.Enter(voters)) : (MembershipStatus.WouldLoseQuorum, null);
    }

    private (MembershipStatus Status, Configuration? Next, NodeId Member) Decide(RemoveMember remove)
    {
        if (!InForce.IsMember(remove.Id))
        {
            return (MembershipStatus.NoSuchMember, null, remove.Id);
        }

        if (InForce.IsLearner(remove.Id))
        {
            return (MembershipStatus.Appended, InForce.WithoutLearner(remove.Id), remove.Id);
        }

        NodeId[] voters = [.. InForce.VoterIds.Where(voter => voter != remove.Id)];
        if (voters.Length == 0)
        {
            return (MembershipStatus.NoVoterLeft, null, remove.Id);
        }

        // One of two: whoever remains could not lose anybody any more, and nobody should come there by accident.
        bool isRisky = voters.Length == 1 || !CanCommit(voters);
        return isRisky && !remove.Force ? (MembershipStatus.WouldLoseQuorum, null, remove.Id) : (MembershipStatus.Appended, InForce.Enter(voters), remove.Id);
    }

    private (MembershipStatus Status, Configuration? Next, NodeId Member) Decide(UpdateMember update)
    {
        if (InForce.Find(update.Id) is not { } member)
        {
            return (MembershipStatus.NoSuchMember, null, update.Id);
        }

        if (update.Instance is { } claim && member.Instance != 0 && member.Instance != claim)
        {
            return (MembershipStatus.ClaimedByAnother, null, update.Id);
        }

        foreach (Member other in InForce.Members)
        {
            if (other.Id != update.Id && other.Id != member.Replaces && other.Replaces != update.Id && other.PeerAddress == update.PeerAddress)
            {
                return (MembershipStatus.NameOrAddressTaken, null, other.Id);
            }
        }

        Member updated = member with
        {
            PeerAddress = update.PeerAddress ?? member.PeerAddress,
            ClientAddress = update.ClientAddress ?? member.ClientAddress,
            Instance = update.Instance ?? member.Instance,
        };
        return updated == member ? (MembershipStatus.AlreadySo, null, update.Id) : (MembershipStatus.Appended, InForce.With(updated), update.Id);
    }

    private static bool IsTaken(Member member, string name, string peerAddress) => member.Name == name || (peerAddress.Length > 0 && member.PeerAddress == peerAddress);

    // Of these voters enough answer for a majority: else the change itself might commit, and nothing after it.
    private bool CanCommit(NodeId[] voters) => voters.Count(Answers) >= Majority.Of(voters.Length);

    private bool Answers(NodeId voter) => voter == state.Id
        || (replicator.Find(voter) is { LastContactMs: >= 0 } follower && state.NowMs - follower.LastContactMs < state.Options.LowerElectionTimeoutMs);
}
