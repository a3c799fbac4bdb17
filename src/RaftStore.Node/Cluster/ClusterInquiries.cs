using RaftStore.Node.Pump;
using RaftStore.Raft;

namespace RaftStore.Node.Cluster;

/// <summary>Answers questions about the cluster: from this node's own progress where it leads, by asking the leader where another
/// does, and with what this node knows by itself where nobody answers in time. Rare, so a task each will do. Pump thread.</summary>
internal sealed class ClusterInquiries(PumpContext context)
{
    /// <summary>How long the leader is waited for: two round trips on the slowest network anybody runs a cluster over.</summary>
    private const int AnswerMs = 500;

    /// <summary>Questions under way at most; one more is answered at once from what this node knows.</summary>
    public const int QuestionsMax = 256;

    private readonly List<Question> _asked = [];

    /// <summary>Questions that wait for the leader's answer.</summary>
    public int Count => _asked.Count;

    /// <summary>A caller's question came.</summary>
    public void Take(ClusterInquiry inquiry)
    {
        RaftNode core = context.Core;
        if (context.IsLeader || core.Leader.IsNone || _asked.Count == QuestionsMax)
        {
            inquiry.Answer.SetResult(OwnView());
            return;
        }

        ulong id = context.Ids.Next();
        if (!context.Outbox.Send(new ClusterStatusQuestion(context.Self, core.Leader, core.Term, id)))
        {
            inquiry.Answer.SetResult(OwnView());
            return;
        }

        _asked.Add(new Question(id, core.Leader, Math.Min(inquiry.DeadlineMs, context.NowMs + AnswerMs), inquiry.Answer));
    }

    /// <summary>Another member's question came.</summary>
    public void Take(ClusterStatusQuestion question)
        => context.Outbox.Send(new ClusterStatusAnswer(context.Self, question.From, context.Core.Term, question.Id, context.IsLeader ? OwnView() : null));

    /// <summary>The leader's answer came.</summary>
    public void Take(ClusterStatusAnswer answer)
    {
        int place = _asked.FindIndex(question => question.Id == answer.Id && question.Leader == answer.From);
        if (place >= 0)
        {
            _asked[place].Answer.SetResult(answer.View ?? OwnView());
            _asked.RemoveAt(place);
        }
    }

    /// <summary>Time has passed.</summary>
    public void Tick()
    {
        for (int i = _asked.Count - 1; i >= 0; i--)
        {
            if (_asked[i].DeadlineMs <= context.NowMs)
            {
                _asked[i].Answer.SetResult(OwnView());
                _asked.RemoveAt(i);
            }
        }
    }

    /// <summary>The node stops.</summary>
    public void Stop()
    {
        foreach (Question question in _asked)
        {
            question.Answer.SetResult(OwnView());
        }

        _asked.Clear();
    }

    private ClusterView OwnView()
    {
        RaftNode core = context.Core;
        IReadOnlyList<MemberProgress> progress = core.Progress;
        List<ClusterMemberView> members = new(core.Configuration.Members.Length);
        foreach (Member member in core.Configuration.Members)
        {
            members.Add(ViewOf(member, progress));
        }

        return new ClusterView(context.IsLeader, core.Leader, core.Term, core.CommitIndex, members);
    }

    private ClusterMemberView ViewOf(Member member, IReadOnlyList<MemberProgress> progress)
    {
        bool isVoter = context.Core.Configuration.IsVoter(member.Id);
        if (member.Id == context.Self)
        {
            return new ClusterMemberView(member, isVoter, false, context.Core.DurableIndex, context.Core.AppliedIndex, 0);
        }

        foreach (MemberProgress known in progress)
        {
            if (known.Id == member.Id)
            {
                return new ClusterMemberView(member, isVoter, known.IsCaughtUp, known.MatchIndex, known.LastContactMs < 0 ? -1 : known.AppliedIndex, known.LastContactMs)
                {
                    Snapshot = context.SnapshotTransfers.TryGetValue(member.Id, out SnapshotTransfer transfer) ? transfer : null,
                };
            }
        }

        return new ClusterMemberView(member, isVoter, false, -1, -1, -1);
    }

    private readonly record struct Question(ulong Id, NodeId Leader, long DeadlineMs, TaskCompletionSource<ClusterView> Answer);
}
