using RaftStore.Kv;
using RaftStore.Node.Cluster;
using RaftStore.Node.Divergence;
using RaftStore.Node.Forwarding;
using RaftStore.Node.Membership;
using RaftStore.Node.Snapshots;
using RaftStore.Node.Waiters;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Pump;

/// <summary>One pass of the pump: takes the inputs, moves the core, and carries out what the core asks for, in the order in which
/// <see cref="Ready"/> lists it. Pump thread, but for what is marked otherwise.</summary>
internal sealed class PumpPass
{
    /// <summary>The core's clock need not be finer: the shortest time it measures is a heartbeat.</summary>
    private const int TickMs = 10;

    private readonly PumpContext _context;
    private readonly RaftNode _core;
    private readonly LogState _log;
    private readonly LeaderAbsence _absence;
    private readonly WritePath _writes;
    private readonly ReadPath _reads;
    private readonly RevisionWaits _revisions;
    private readonly Applier _applier;
    private readonly SnapshotScheduler _snapshots;
    private readonly HistoryUpkeep _history;
    private readonly ClusterInquiries _inquiries;
    private readonly AdminDesk _admin;
    private readonly DivergenceWatch _divergence;
    private readonly StateRepair _repair;
    private readonly StatusBoard _board;
    private readonly List<Waiter> _due = [];
    private long _nextTickMs;

    public PumpPass(PumpContext context, NodeStart start, SnapshotWorker worker, SnapshotFile? latest, WaiterPool<WriteWaiter> writePool)
    {
        _context = context;
        _core = context.Core;
        _log = new LogState(start.Log, context.Options.LogReserveBytes);
        _absence = new LeaderAbsence(context);
        _writes = new WritePath(context, _log, _absence, writePool);
        _reads = new ReadPath(context, _absence);
        _revisions = new RevisionWaits(context);
        _applier = new Applier(start, _writes, context.Tallies);
        _history = new HistoryUpkeep(context, _log, _applier);
        _snapshots = new SnapshotScheduler(context, _applier, _log, worker, latest);
        _inquiries = new ClusterInquiries(context);
        _divergence = new DivergenceWatch(context);
        _repair = new StateRepair(context, _divergence, _snapshots, worker, start.Quarantine.Read());
        _admin = new AdminDesk(context, _absence, _repair);
        _board = new StatusBoard(context, _log, _repair, _snapshots.LatestIndex);
        _nextTickMs = context.NowMs;
    }

    /// <summary>What was known after the last pass. Any thread.</summary>
    public NodeStatus Status => _board.Status;

    /// <summary>The state machine. Any thread.</summary>
    public KvStore Store => _applier.Store;

    /// <summary>How many callers have been answered.</summary>
    public long Answers => _context.Completions.ResultsGiven;

    /// <summary>What is held in queues and tables.</summary>
    public PumpLoad Load => new(_log.UnderWayBytes, _writes.Count, _reads.Count + _revisions.Count, _reads.ConfirmedGroups, _inquiries.Count, _writes.RememberedSenders);

    /// <summary>Runs once.</summary>
    /// <returns>True where there was anything to do.</returns>
    public bool Run(long nowMs)
    {
        _context.NowMs = Math.Max(_context.NowMs, nowMs);
        ReadOnlySpan<object> inputs = _context.Inputs.TakeAll();
        foreach (object input in inputs)
        {
            Take(input);
        }

        Tick();
        _writes.Push();
        _history.Push();
        _reads.Push();
        bool worked = CarryOut();
        worked |= _admin.GoOn() && CarryOut();
        _snapshots.SaveWhenDue();
        _writes.EndPass();
        _board.Publish(_snapshots.LatestIndex);
        _admin.EndPass();
        _context.EndPass();
        return worked || inputs.Length > 0;
    }

    /// <summary>Tells everybody who waits that the node stops.</summary>
    public void Stop()
    {
        foreach (object input in _context.Inputs.TakeAll())
        {
            Take(input);
        }

        _writes.Stop();
        _reads.Stop();
        _revisions.Stop();
        _inquiries.Stop();
        _admin.Stop();
        _context.EndPass();
    }

    private void Take(object input)
    {
        switch (input)
        {
            case WriteWaiter write:
                _writes.Take(write);
                break;
            case ReadWaiter { Revision: > 0 } read:
                _revisions.Take(read, Store.Current.Revision);
                break;
            case ReadWaiter read:
                _reads.Take(read);
                break;
            case Message message:
                Take(message);
                break;
            case LogFinished finished:
                _log.Finished(finished.Completion, _core);
                _context.Outbox.Persisted(finished.Completion.Token, _core.Term);
                break;
            case ForwardArrival arrival:
                _writes.Take(arrival);
                break;
            case PeerChange change:
                Take(change);
                break;
            case ClusterInquiry inquiry:
                _inquiries.Take(inquiry);
                break;
            case StateCapture capture:
                capture.Answer.TrySetResult(_context.Divergence is null ? _snapshots.Capture() : null);
                break;
            case AdminInquiry inquiry:
                _admin.Take(inquiry);
                break;
            default:
                TakeReport(input);
                break;
        }
    }

    private void Take(Message message)
    {
        switch (message)
        {
            case ForwardResponse response:
                _writes.Take(response);
                break;
            case StateHashReport report:
                _divergence.Take(report, _applier.Store);
                break;
            case StateRequest request:
                _snapshots.Take(request);
                break;
            case InstallSnapshot chunk when _repair.Take(chunk):
                break;
            case ClusterStatusQuestion question:
                _inquiries.Take(question);
                break;
            case ClusterStatusAnswer answer:
                _inquiries.Take(answer);
                break;
            case AdminQuestion question:
                _admin.Take(question);
                break;
            case AdminAnswer answer:
                _admin.Take(answer);
                break;
            case AppendEntries { Batches.IsEmpty: false } append:
                Take(append);
                break;
            case InstallSnapshotResponse response:
                _core.Step(response);
                _snapshots.Take(response);
                break;
            default:
                _core.Step(message);
                break;
        }
    }

    private void Take(AppendEntries append)
    {
        int count = _repair.IsFull ? 0 : _log.CountThatFits(append.Batches);
        if (count == 0)
        {
            // What is left of the disk is kept for votes, and what waits for a repair is bounded; the leader probes until there is room again.
            _context.Tallies.AppendsDropped++;
            return;
        }

        // A prefix is a message that the leader might have sent as well; it sends the rest again.
        _core.Step(count == append.Batches.Length ? append : append with { Batches = append.Batches[..count] });
    }

    private void Take(PeerChange change)
    {
        if (!change.IsConnected)
        {
            if (change.Channel == PeerChannel.Bulk)
            {
                _writes.PeerLost(change.Peer);
            }

            if (change.Channel != PeerChannel.Snapshot)
            {
                // Entries went by bulk, their acknowledgements by control: either may be what was lost.
                _core.PeerUnreachable(change.Peer);
            }

            return;
        }

        if (change.Channel == PeerChannel.Bulk)
        {
            _writes.PeerConnected();
        }
        else if (change.Channel == PeerChannel.Snapshot)
        {
            _snapshots.PeerConnected(change.Peer);
        }
    }

    private void TakeReport(object report)
    {
        switch (report)
        {
            case ChunkReady chunk:
                _snapshots.Take(chunk);
                break;
            case ReceiveProgress progress:
                _snapshots.Take(progress);
                _repair.Take(progress);
                break;
            case SnapshotSaved saved:
                _snapshots.Take(saved);
                break;
            case SnapshotNotSaved failed:
                _snapshots.Take(failed);
                break;
            case SnapshotDamaged damaged:
                _snapshots.Take(damaged);
                break;
            case SendEnded ended:
                _snapshots.Take(ended);
                break;
            case SnapshotLoaded loaded:
                // What was committed before must be handed out before the state is swapped under it.
                CarryOut();
                if (!_repair.Take(loaded))
                {
                    _snapshots.Take(loaded);
                }

                Applied();
                break;
            case RefusedSnapshot refused:
                _snapshots.Take(refused);
                break;
            case QuarantineMarked marked:
                _repair.Take(marked);
                break;
            case QuarantineUnmarked unmarked:
                _repair.Take(unmarked);
                break;
            case MemoryReport memory:
                _context.IsLowOnMemory = memory.IsLow;
                break;
            default:
                throw new NotSupportedException($"No input {report.GetType().Name} is known.");
        }
    }

    private void Tick()
    {
        if (_context.NowMs < _nextTickMs)
        {
            return;
        }

        _nextTickMs = _context.NowMs + TickMs;
        _core.Tick(_context.NowMs);
        _absence.Tick();
        _log.LookAtSpace();
        _snapshots.Tick();
        _inquiries.Tick();
        _admin.Tick();
        _writes.Tick();
        _reads.Tick();
        _divergence.Tick(_applier.Store);
        _repair.Tick();
        _context.Deadlines.Advance(_context.NowMs, _due);
        foreach (Waiter waiter in _due)
        {
            switch (waiter)
            {
                case WriteWaiter write:
                    _writes.Expired(write);
                    break;
                case ReadWaiter { Revision: > 0 } read:
                    _revisions.Expired(read);
                    break;
                case ReadWaiter read:
                    _reads.Expired(read);
                    break;
                default:
                    throw new NotSupportedException($"No waiter {waiter.GetType().Name} is known.");
            }
        }

        _due.Clear();
    }

    /// <summary>Carries out everything that the core has ready.</summary>
    private bool CarryOut()
    {
        bool worked = false;
        while (_core.TakeReady() is { IsEmpty: false } ready)
        {
            worked = true;
            CarryOut(ready);
        }

        return worked;
    }

    private void CarryOut(Ready ready)
    {
        // The network first: a peer has further to go than this node's own disk, and both then work at the same time.
        foreach (Message message in ready.Messages)
        {
            _context.Outbox.Send(message);
        }

        if (ready.Persist is PersistRequest request)
        {
            foreach (Message message in ready.MessagesAfterPersist)
            {
                _context.Outbox.SendAfter(request.Token, message);
            }

            _log.Write(request);
        }

        if (ready.Committed.Count > 0)
        {
            _applier.Apply(ready.Committed);
            _divergence.Applied(_applier.Store);
            Applied();
        }

        foreach (ConfirmedRead read in ready.ConfirmedReads)
        {
            _reads.IndexConfirmed(read, _applier.Last.Index);
        }

        foreach (FailedRead read in ready.FailedReads)
        {
            _reads.IndexFailed(read);
        }

        foreach (NodeId peer in ready.SnapshotsWanted)
        {
            _snapshots.Wanted(peer);
        }

        foreach (InstallSnapshot chunk in ready.SnapshotChunks)
        {
            _snapshots.Take(chunk);
        }
    }

    /// <summary>Everybody can see what was applied: whoever waited for it goes on.</summary>
    private void Applied()
    {
        _reads.Applied(_applier.Last.Index);
        _revisions.Applied(Store.Current.Revision);
    }
}
