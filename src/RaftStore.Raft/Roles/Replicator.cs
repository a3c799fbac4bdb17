using System.Runtime.InteropServices;

namespace RaftStore.Raft;

/// <summary>Brings the followers' logs to the leader's: what to send to whom next, and what an answer teaches (Figure 2, rules
/// for leaders; thesis §3.5).</summary>
internal sealed class Replicator
{
    private readonly CoreState _state;
    private Progress[] _followers = [];

    // The voters of the configuration in force, and those before the change under way; null stands for this node itself.
    private Progress?[] _voters = [];
    private Progress?[] _outgoing = [];
    private long[] _values = [];

    /// <summary>Begins with everybody at the end of the leader's log (Figure 2: nextIndex is initialised to last + 1).</summary>
    public Replicator(CoreState state)
    {
        _state = state;
        Reconfigure();
    }

    /// <summary>Everybody else whom entries are sent to, in order of their ids: voters, learners, and for a while those that have just
    /// left, until they know it.</summary>
    public ReadOnlySpan<Progress> Followers => _followers;

    /// <summary>The follower with that id.</summary>
    public Progress this[NodeId id] => Find(id) ?? throw new RaftInvariantException($"no follower {id}");

    /// <summary>The follower with that id, or null.</summary>
    public Progress? Find(NodeId id)
    {
        foreach (Progress follower in _followers)
        {
            if (follower.Id == id)
            {
                return follower;
            }
        }

        return null;
    }

    /// <summary>Takes over the configuration in force: whoever is new is probed from the end of the log, and whoever left goes on being sent
    /// to until it has applied the entry that says so.</summary>
    public void Reconfigure()
    {
        Configuration configuration = _state.Configuration;
        var followers = new List<Progress>();
        foreach (Member member in configuration.Members)
        {
            if (member.Id != _state.Id)
            {
                Progress follower = Find(member.Id) ?? new Progress(member.Id, _state.Options, _state.Log.Last.Index + 1);
                follower.CatchUp = configuration.IsVoter(member.Id) ? null : follower.CatchUp ?? new CatchUp(_state.Options, _state.Log.Last.Index, _state.NowMs);
                followers.Add(follower);
            }
        }

        foreach (Progress old in _followers)
        {
            if (!configuration.IsMember(old.Id))
            {
                old.Leaves(_state.ConfigurationIndex, _state.NowMs);
                followers.Add(old);
            }
        }

        _followers = [.. followers.OrderBy(follower => follower.Id)];
        _voters = [.. configuration.VoterIds.Select(Find)];
        _outgoing = [.. configuration.OutgoingIds.Select(Find)];
        _values = new long[Math.Max(_voters.Length, _outgoing.Length)];
    }

    /// <summary>Forgets those that have left and know it, or do not answer.</summary>
    public void ForgetGone()
    {
        foreach (Progress follower in _followers)
        {
            if (follower.HasGone(_state.NowMs))
            {
                _followers = [.. _followers.Where(one => !one.HasGone(_state.NowMs))];
                return;
            }
        }
    }

    /// <summary>The highest index that is durable on a majority, this node's own disk among them where it votes; while a change of voters is
    /// under way on both majorities.</summary>
    public long DurableOnMajority() => ReachedByMajority(_state.Durability.DurableIndex, static follower => follower.MatchIndex);

    /// <summary>The highest value that a majority of the voters has reached, and one of the outgoing voters too where there are any.</summary>
    /// <param name="own">This node's value; it counts where the node votes.</param>
    /// <param name="value">A follower's value.</param>
    public long ReachedByMajority(long own, Func<Progress, long> value)
    {
        long reached = Reached(_voters, own, value);
        return _outgoing.Length == 0 ? reached : Math.Min(reached, Reached(_outgoing, own, value));
    }

    /// <summary>Sends to every follower what its state and window let leave.</summary>
    public void SendEntries()
    {
        foreach (Progress follower in _followers)
        {
            while (follower.CanSend && (follower.State == ProgressState.Probe || follower.NextIndex <= _state.Log.Last.Index))
            {
                if (!TrySend(follower))
                {
                    break;
                }
            }
        }
    }

    /// <summary>Takes the answer to AppendEntries.</summary>
    /// <returns>False where it is none that an honest follower could give.</returns>
    public bool Answered(AppendEntriesResponse response)
    {
        Progress follower = this[response.From];
        RaftLog log = _state.Log;
        if (response.Success)
        {
            if (response.MatchIndex > log.Last.Index || (response.MatchIndex > log.Base.Index && log.LastBoundary(response.MatchIndex, long.MaxValue)?.Index != response.MatchIndex))
            {
                return false;
            }

            follower.Accepted(response.MatchIndex, log.Base.Index, _state.NowMs);
            return true;
        }

        if (follower.IsRefusalNew(response.PrevLogIndex))
        {
            BackUp(follower, response);
        }

        return true;
    }

    /// <summary>Probes again where a follower that is alive has left something unanswered for too long, or has meanwhile got from a
    /// snapshot what it needed.</summary>
    public void Revive(Progress follower)
    {
        bool isServedBySnapshot = follower.State == ProgressState.Snapshot && follower.AppliedIndex >= _state.Log.Base.Index;
        if (isServedBySnapshot || follower.IsStalled(_state.NowMs))
        {
            Probe(follower);
        }
    }

    /// <summary>Finds out again where the logs agree; what was on the way counts as lost.</summary>
    public void Probe(Progress follower) => follower.BecomeProbe(follower.State switch
    {
        // Where it was being asked.
        ProgressState.Probe => follower.NextIndex,

        // After what it acknowledged.
        ProgressState.Replicate => follower.MatchIndex + 1,

        // After the snapshot, or what it says it applied: a guess that its answer confirms or corrects.
        ProgressState.Snapshot => 1 + (_state.Log.LastBoundary(Math.Max(follower.SnapshotIndex, follower.AppliedIndex), long.MaxValue)?.Index ?? 0),
        _ => throw new InvalidOperationException($"unknown state {follower.State}"),
    });

    private long Reached(Progress?[] voters, long own, Func<Progress, long> value)
    {
        for (int i = 0; i < voters.Length; i++)
        {
            _values[i] = voters[i] is { } follower ? value(follower) : own;
        }

        return Majority.Reached(_values.AsSpan(0, voters.Length));
    }

    // The follower named its last entry that can match. The leader goes to its own last entry that can: not after that index,
    // and not of a later term. Each round skips a whole term of one of the logs (thesis §3.5).
    private void BackUp(Progress follower, AppendEntriesResponse refusal)
    {
        RaftLog log = _state.Log;
        long highest = Math.Min(refusal.Hint.Index, refusal.PrevLogIndex - 1);
        EntryId? agreed = log.LastBoundary(highest, refusal.Hint.Term);
        if (agreed is null && follower.MatchIndex < log.Base.Index)
        {
            follower.BecomeSnapshot();
            _state.Outbox.Gathered.SnapshotsWanted.Add(follower.Id);
            return;
        }

        follower.BecomeProbe(Math.Max(agreed?.Index ?? 0, follower.MatchIndex) + 1);
    }

    private bool TrySend(Progress follower)
    {
        RaftLog log = _state.Log;

        // Applied batches leave memory while a probe waits. The earliest that can be asked about is the base; where the follower
        // lacks that too, its refusal brings it a snapshot.
        if (follower.NextIndex <= log.Base.Index)
        {
            follower.BecomeProbe(log.Base.Index + 1);
        }

        int place = log.PlaceOf(follower.NextIndex);
        EntryId prev = place == 0 ? log.Base : log[place - 1].Last;
        Invariant.Check(prev.Index == follower.NextIndex - 1, $"next index {follower.NextIndex} of {follower.Id} begins no batch");
        int count = CountThatFits(follower, place, out long bytes);
        if (count == 0 && place < log.Count)
        {
            return false;
        }

        var batches = new EntryBatch[count];
        for (int i = 0; i < count; i++)
        {
            batches[i] = log[place + i];
        }

        long nextIndex = count == 0 ? follower.NextIndex : batches[^1].LastIndex + 1;
        _state.Outbox.Send(new AppendEntries(
            _state.Id, follower.Id, _state.Term, prev, ImmutableCollectionsMarshal.AsImmutableArray(batches), _state.CommitIndex));
        follower.Sent(nextIndex, bytes, _state.CommitIndex, _state.NowMs);
        return true;
    }

    private int CountThatFits(Progress follower, int place, out long bytes)
    {
        RaftLog log = _state.Log;
        long room = Math.Min(_state.Options.AppendBytesMax, follower.Inflight.BytesFree);
        int count = 0;
        bytes = 0;
        while (place + count < log.Count)
        {
            int length = log[place + count].LengthBytes;
            bool fits = count > 0 ? bytes + length <= room : follower.Inflight.Count == 0 || length <= follower.Inflight.BytesFree;
            if (!fits)
            {
                break;
            }

            bytes += length;
            count++;
        }

        return count;
    }
}
