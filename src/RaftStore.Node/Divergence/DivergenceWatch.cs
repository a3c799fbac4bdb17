using RaftStore.Kv;
using RaftStore.Node.Pump;
using RaftStore.Raft;

namespace RaftStore.Node.Divergence;

/// <summary>Compares this node's state with the others' all the time, by the hashes at equal applied indexes. A node that finds itself
/// wrong is quarantined. Pump thread.</summary>
internal sealed class DivergenceWatch(PumpContext context)
{
    /// <summary>Each member says this often what it has, whether or not there is news: a lost message, a new connection and an idle
    /// cluster need nothing else. A few dozen bytes a second for each member.</summary>
    private const int ReportMs = 1000;

    /// <summary>Indexes remembered, the newest ones: as many as a node records, and as many of those that are ahead of it.</summary>
    private const int BallotsMax = 2 * KvStore.RecordedHashesMax;

    private readonly SortedDictionary<long, HashBallot> _ballots = [];
    private long _nextReportMs;
    private long _announced;
    private long _appliedAtReport;
    private long _disputed = -1;
    private long _disputeEndsMs;

    /// <summary>Entries may have been applied: says at once what was recorded.</summary>
    public void Applied(KvStore store)
    {
        if (context.Divergence is null && store.RecordedHashes is { Count: > 0 } recorded && recorded[^1].Index > _announced)
        {
            _announced = recorded[^1].Index;
            Announce(recorded[^1], wantsAnswer: false);
        }
    }

    /// <summary>Time has passed.</summary>
    public void Tick(KvStore store)
    {
        if (context.Divergence is not null)
        {
            return;
        }

        if (_disputed >= 0)
        {
            Judge(_disputed);
        }

        if (context.NowMs < _nextReportMs)
        {
            return;
        }

        _nextReportMs = context.NowMs + ReportMs;
        KvView view = store.Current;
        if (view.AppliedIndex > 0 && view.AppliedIndex == _appliedAtReport)
        {
            // Nothing moves: all who are up to date are at this very index.
            Announce(new StateHash(view.AppliedIndex, view.Hash), wantsAnswer: false);
        }
        else if (store.RecordedHashes is { Count: > 0 } recorded)
        {
            Announce(recorded[^1], wantsAnswer: false);
        }

        _appliedAtReport = view.AppliedIndex;
    }

    /// <summary>Another member says what it has.</summary>
    public void Take(StateHashReport report, KvStore store)
    {
        if (context.Divergence is not null || report.HashFormat != StateHash.Format || context.Core.Configuration.Find(report.From) is null)
        {
            return;
        }

        HashBallot ballot = BallotAt(report.State.Index);
        ballot.Own ??= OwnAt(report.State.Index, store);
        ballot.Add(report.From, report.State.Hash);
        if (report.WantsAnswer && ballot.Own is { } own)
        {
            Send(report.From, new StateHash(report.State.Index, own), wantsAnswer: false);
        }

        Look(report.State.Index, ballot);
    }

    /// <summary>The state is another one now: whatever was known of the old one is of no use.</summary>
    public void Forget()
    {
        _ballots.Clear();
        _disputed = -1;
        _announced = 0;
        _appliedAtReport = 0;
    }

    private static string? OwnAt(long index, KvStore store)
    {
        foreach (StateHash recorded in store.RecordedHashes)
        {
            if (recorded.Index == index)
            {
                return recorded.Hash;
            }
        }

        return store.Current.AppliedIndex == index ? store.Current.Hash : null;
    }

    private HashBallot BallotAt(long index)
    {
        if (!_ballots.TryGetValue(index, out HashBallot? ballot))
        {
            ballot = new HashBallot();
            _ballots.Add(index, ballot);
            if (_ballots.Count > BallotsMax)
            {
                _ballots.Remove(_ballots.Keys.First(key => key != _disputed && key != index));
            }
        }

        return ballot;
    }

    private void Announce(StateHash state, bool wantsAnswer)
    {
        HashBallot ballot = BallotAt(state.Index);
        ballot.Own = state.Hash;
        foreach (Member member in context.Core.Configuration.Members)
        {
            if (member.Id != context.Self)
            {
                Send(member.Id, state, wantsAnswer);
            }
        }

        Look(state.Index, ballot);
    }

    private void Send(NodeId to, StateHash state, bool wantsAnswer)
        => context.Outbox.Send(new StateHashReport(context.Self, to, context.Core.Term, state, StateHash.Format, wantsAnswer));

    /// <summary>Where somebody differs, everybody is asked about that index, so that it can be said who is wrong.</summary>
    private void Look(long index, HashBallot ballot)
    {
        if (!ballot.IsDisputed)
        {
            return;
        }

        if (_disputed < 0)
        {
            _disputed = index;
            _disputeEndsMs = context.NowMs + context.Options.Raft.UpperElectionTimeoutMs;
            Announce(new StateHash(index, ballot.Own!), wantsAnswer: true);
        }

        if (_disputed >= 0)
        {
            Judge(_disputed);
        }
    }

    private void Judge(long index)
    {
        bool isOver = context.NowMs >= _disputeEndsMs;
        if (context.Divergence is not null || !BallotAt(index).TryJudge(index, context.Core.Configuration.Members.Length, isOver, out DivergenceReport? verdict))
        {
            return;
        }

        if (verdict is not null)
        {
            context.Divergence = verdict;
            context.Core.ForbidLeading();
            return;
        }

        // Those who are wrong find out by themselves. They may say the same until they do, which is no new dispute.
        if (isOver)
        {
            _ballots.Remove(index);
            _disputed = -1;
        }
    }
}
