using RaftStore.Node.Divergence;
using RaftStore.Node.Pump;
using RaftStore.Raft;

namespace RaftStore.Node.Membership;

/// <summary>Has done what only the leader can do: by this node's core where it leads, by asking the leader where another does; and a repair by the
/// member that needs it. Everything has a deadline, and a wish that must wait (for a leader, or for a change before it) is tried again until then. Rare, so a task each
/// will do. Pump thread.</summary>
/// <remarks>
/// A change whose leader was lost is tried again with the next one, which is safe: a question is for one term, and what the leader of
/// a later term has in its log when its first entry commits is all that will ever come of the terms before it. So that leader either
/// finds the change done, or begins it.
/// </remarks>
internal sealed class AdminDesk(PumpContext context, LeaderAbsence absence, StateRepair repair)
{
    /// <summary>Wishes under way at most; a cluster is changed by people.</summary>
    private const int CasesMax = 64;

    private readonly List<AdminCase> _cases = [];
    private readonly AnsweredQuestions _answered = new(context.Core.Term);
    private readonly List<(TaskCompletionSource<AdminOutcome> Answer, AdminOutcome Outcome)> _ended = [];

    /// <summary>A caller's wish came.</summary>
    public void Take(AdminInquiry inquiry)
    {
        if (_cases.Count == CasesMax)
        {
            inquiry.Answer.SetResult(new AdminOutcome(AdminResult.Overloaded, NodeId.None));
            return;
        }

        _cases.Add(new AdminCase { Action = inquiry.Action, DeadlineMs = inquiry.DeadlineMs, Answer = inquiry.Answer });
    }

    /// <summary>Another member's wish came. It is for the leader of exactly that term, since the asking node may ask another in a later one,
    /// or about this node itself.</summary>
    public void Take(AdminQuestion question)
    {
        bool isKnown = _cases.Exists(one => one.From == question.From && one.FromId == question.Id);
        if (isKnown)
        {
            return;
        }

        if (_answered.Find(question) is { } before)
        {
            context.Outbox.Send(new AdminAnswer(context.Self, question.From, context.Core.Term, question.Id, before));
            return;
        }

        bool isOurs = question.Action is RepairState repairing ? repairing.Member == context.Self : context.IsLeader && context.Core.Term == question.Term;
        if (!isOurs || _cases.Count == CasesMax)
        {
            context.Outbox.Send(new AdminAnswer(context.Self, question.From, context.Core.Term, question.Id, Outcome: null));
            return;
        }

        _cases.Add(new AdminCase
        {
            Action = question.Action,
            IsRepeated = question.IsRepeated,
            DeadlineMs = context.NowMs + question.TimeoutMs,
            From = question.From,
            FromId = question.Id,
            Term = question.Term,
        });
    }

    /// <summary>The leader's answer came.</summary>
    public void Take(AdminAnswer answer)
    {
        if (_cases.Find(one => one.Stage == AdminStage.Asked && one.AskedId == answer.Id && one.Asked == answer.From) is not { } found)
        {
            return;
        }

        if (answer.Outcome is { } outcome)
        {
            EndOrRepeat(found, outcome);
        }
        else
        {
            // It has done nothing: whoever leads now is asked with the next tick.
            found.Stage = AdminStage.Waiting;
            found.NotBeforeMs = context.NowMs + context.Options.Raft.HeartbeatIntervalMs;
        }
    }

    /// <summary>Goes on with everything that can go on.</summary>
    /// <returns>True where the core was asked for something.</returns>
    public bool GoOn()
    {
        bool worked = false;
        for (int i = _cases.Count - 1; i >= 0; i--)
        {
            worked |= GoOn(_cases[i]);
        }

        return worked;
    }

    /// <summary>Time has passed: what was not done in time ends.</summary>
    public void Tick()
    {
        if (_cases.Count == 0)
        {
            return;
        }

        foreach (AdminCase one in _cases.FindAll(one => one.DeadlineMs <= context.NowMs))
        {
            End(one, Unfinished(one));
        }

        if (absence.IsLong)
        {
            // A repair concerns one node, which knows by itself whether it can be done.
            foreach (AdminCase one in _cases.FindAll(one => one is { Stage: AdminStage.Waiting, IsRepeated: false, Answer: not null, Action: not RepairState }))
            {
                End(one, new AdminOutcome(AdminResult.NoLeader, one.Member));
            }
        }
    }

    /// <summary>What this pass changed is published: callers go on, and see it.</summary>
    public void EndPass()
    {
        foreach ((TaskCompletionSource<AdminOutcome> answer, AdminOutcome outcome) in _ended)
        {
            answer.SetResult(outcome);
        }

        _ended.Clear();
    }

    /// <summary>The node stops.</summary>
    public void Stop()
    {
        foreach (AdminCase one in _cases.ToArray())
        {
            End(one, Unfinished(one));
        }

        EndPass();
    }

    private AdminOutcome Unfinished(AdminCase one) => one.Stage switch
    {
        AdminStage.Waiting when !one.IsRepeated => new AdminOutcome(AdminResult.TimedOut, one.Member),
        AdminStage.Repairing when repair.Status.Stage == RepairStage.Waiting && !context.Core.IsInContactWithLeader => new AdminOutcome(AdminResult.TimedOut, one.Member),
        AdminStage.Repairing => new AdminOutcome(AdminResult.Repairing, one.Member, repair.Status),
        _ => new AdminOutcome(AdminResult.Unknown, one.Member),
    };

    private bool GoOn(AdminCase one)
    {
        switch (one.Stage)
        {
            case AdminStage.Waiting when context.NowMs >= one.NotBeforeMs:
                return Begin(one);
            case AdminStage.Asked when context.Core.Term != one.Term && one.Action is ChangeMembership:
                EndOrRepeat(one, new AdminOutcome(AdminResult.Unknown, one.Member));
                return false;
            case AdminStage.Changing:
                FinishChange(one);
                return false;
            case AdminStage.Transferring:
                FinishTransfer(one);
                return false;
            case AdminStage.Repairing:
                FinishRepair(one);
                return false;
            default:
                return false;
        }
    }

    private bool Begin(AdminCase one)
    {
        RaftNode core = context.Core;
        if (one.Action is RepairState repairing)
        {
            return BeginRepair(one, repairing);
        }

        if (context.IsLeader && (one.From.IsNone || core.Term == one.Term))
        {
            return BeginHere(one);
        }

        if (!one.From.IsNone)
        {
            context.Outbox.Send(new AdminAnswer(context.Self, one.From, core.Term, one.FromId, Outcome: null));
            _cases.Remove(one);
        }
        else if (!core.Leader.IsNone && !context.IsLeader && core.Term > one.LostTerm)
        {
            Ask(one, core.Leader, one.DeadlineMs - context.NowMs);
        }

        return false;
    }

    private void Ask(AdminCase one, NodeId member, long timeoutMs)
    {
        ulong id = context.Ids.Next();
        if (context.Outbox.Send(new AdminQuestion(context.Self, member, context.Core.Term, id, timeoutMs, one.IsRepeated, one.Action)))
        {
            one.Stage = AdminStage.Asked;
            one.Asked = member;
            one.AskedId = id;
            one.Term = context.Core.Term;
        }
    }

    private bool BeginRepair(AdminCase one, RepairState action)
    {
        one.Member = action.Member;
        if (action.Member != context.Self)
        {
            // It answers before this node's own deadline, with how far it has come.
            Ask(one, action.Member, (one.DeadlineMs - context.NowMs) * 3 / 4);
            return false;
        }

        AdminResult result = repair.Begin(action.Trusts);
        switch (result)
        {
            case AdminResult.Repairing:
                one.Stage = AdminStage.Repairing;
                return true;
            case AdminResult.TimedOut:
                one.NotBeforeMs = context.NowMs + context.Options.Raft.HeartbeatIntervalMs;
                return false;
            default:
                End(one, new AdminOutcome(result, action.Member));
                return false;
        }
    }

    private void FinishRepair(AdminCase one)
    {
        if (context.Divergence is null)
        {
            End(one, new AdminOutcome(AdminResult.Done, one.Member, repair.Status));
        }
    }

    private bool BeginHere(AdminCase one)
    {
        switch (one.Action)
        {
            case ChangeMembership change:
                Begun(one, context.Core.ChangeMembership(change.Change));
                return true;
            case TransferLeadership transfer:
                Begun(one, context.Core.TransferLeadership(transfer.Target));
                return true;
            default:
                throw new NotSupportedException($"No action {one.Action} is known.");
        }
    }

    private void Begun(AdminCase one, MembershipResult result)
    {
        one.Member = result.Member;
        switch (result.Status)
        {
            case not (MembershipStatus.Appended or MembershipStatus.TermNotCommitted or MembershipStatus.ChangePending or MembershipStatus.NotLeader)
                when one.IsRepeated && DoneBefore(one.Action) is { } done:
                End(one, done);
                break;
            case MembershipStatus.Appended:
                one.Stage = AdminStage.Changing;
                one.Index = result.Index;
                one.Term = result.Term;
                break;
            case MembershipStatus.TermNotCommitted or MembershipStatus.ChangePending or MembershipStatus.NotLeader:
                one.NotBeforeMs = context.NowMs + context.Options.Raft.HeartbeatIntervalMs;
                break;
            default:
                End(one, new AdminOutcome(ResultOf(result.Status), result.Member));
                break;
        }
    }

    private void Begun(AdminCase one, TransferStatus status)
    {
        switch (status)
        {
            case TransferStatus.Started:
                one.Stage = AdminStage.Transferring;
                one.Term = context.Core.Term;
                one.Member = context.Core.TransferTarget;
                break;
            case TransferStatus.Pending or TransferStatus.NotLeader:
                one.NotBeforeMs = context.NowMs + context.Options.Raft.HeartbeatIntervalMs;
                break;
            default:
                End(one, new AdminOutcome(ResultOf(status), NodeId.None));
                break;
        }
    }

    // A change is over once its entry is applied here in the term of whoever appended it, and nothing is joint any more. Where the
    // term ended before that, a later leader may have kept the entry or not.
    private void FinishChange(AdminCase one)
    {
        RaftNode core = context.Core;
        bool isApplied = core.AppliedIndex >= one.Index && core.AppliedIndex >= core.ConfigurationIndex && !core.Configuration.IsJoint;
        if (core.Term == one.Term && isApplied)
        {
            End(one, new AdminOutcome(AdminResult.Done, one.Member));
        }
        else if (core.Term != one.Term)
        {
            EndOrRepeat(one, new AdminOutcome(AdminResult.Unknown, one.Member));
        }
    }

    private void FinishTransfer(AdminCase one)
    {
        RaftNode core = context.Core;
        if (core.Term != one.Term && !core.Leader.IsNone)
        {
            End(one, new AdminOutcome(core.Leader == one.Member ? AdminResult.Done : AdminResult.NotTakenOver, core.Leader));
        }
        else if (core.Term == one.Term && context.IsLeader && core.TransferTarget.IsNone)
        {
            End(one, new AdminOutcome(AdminResult.NotTakenOver, one.Member));
        }
    }

    private void EndOrRepeat(AdminCase one, AdminOutcome outcome)
    {
        // Where another member asked, it repeats. A transfer ends with its leader's term, done or not, and is not asked for twice.
        if (outcome.Result != AdminResult.Unknown || one.Answer is null || one.Action is not ChangeMembership)
        {
            End(one, outcome);
            return;
        }

        one.LostTerm = one.Term;
        one.IsRepeated = true;
        one.Stage = AdminStage.Waiting;
        one.NotBeforeMs = context.NowMs;
    }

    // The leader would not do it again; did the first attempt do it? Nothing is under way here: what the core holds is committed.
    private AdminOutcome? DoneBefore(AdminAction action)
    {
        Configuration members = context.Core.Configuration;
        NodeId done = action is not ChangeMembership { Change: var change } ? NodeId.None : change switch
        {
            AddLearner add => members.Members.LastOrDefault(member => member.Id != add.Replaces && member.Name == add.Name
                && member.PeerAddress == add.PeerAddress && member.Instance == add.Instance)?.Id ?? NodeId.None,
            PromoteLearner promote when members.IsVoter(promote.Id) => promote.Id,
            RemoveMember remove when members.WasRemoved(remove.Id) => remove.Id,
            _ => NodeId.None,
        };
        return done.IsNone ? null : new AdminOutcome(AdminResult.Done, done);
    }

    private void End(AdminCase one, AdminOutcome outcome)
    {
        _cases.Remove(one);
        if (one.Answer is { } answer)
        {
            _ended.Add((answer, outcome));
        }
        else
        {
            _answered.Note(one.From, one.FromId, outcome);
            context.Outbox.Send(new AdminAnswer(context.Self, one.From, context.Core.Term, one.FromId, outcome));
        }
    }

    private static AdminResult ResultOf(MembershipStatus status) => status switch
    {
        MembershipStatus.AlreadySo => AdminResult.AlreadySo,
        MembershipStatus.NoSuchMember => AdminResult.NoSuchMember,
        MembershipStatus.NameOrAddressTaken => AdminResult.NameOrAddressTaken,
        MembershipStatus.ClaimedByAnother => AdminResult.ClaimedByAnother,
        MembershipStatus.NotALearner => AdminResult.NotALearner,
        MembershipStatus.NotCaughtUp => AdminResult.NotCaughtUp,
        MembershipStatus.WouldLoseQuorum => AdminResult.WouldLoseQuorum,
        MembershipStatus.NoVoterLeft => AdminResult.NoVoterLeft,
        MembershipStatus.TooManyMembers => AdminResult.TooManyMembers,
        _ => throw new NotSupportedException($"No result is known for {status}."),
    };

    private static AdminResult ResultOf(TransferStatus status) => status switch
    {
        TransferStatus.AlreadyLeads => AdminResult.AlreadySo,
        TransferStatus.NoSuchVoter => AdminResult.NoSuchVoter,
        TransferStatus.Lagging => AdminResult.Lagging,
        _ => throw new NotSupportedException($"No result is known for {status}."),
    };
}
