using RaftStore.Kv;
using RaftStore.Node.Codec;
using RaftStore.Node.Forwarding;
using RaftStore.Node.Membership;
using RaftStore.Node.Pump;
using RaftStore.Node.Waiters;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node;

/// <summary>One member of a cluster: the pump around the core, the log, the state machine and the peers. It does everything
/// that follows from an input synchronously, on one thread, and never waits for the disk or the network. It starts no thread.</summary>
public sealed class Node
{
    private readonly NodeOptions _options;
    private readonly InputQueue _inputs;
    private readonly FrameDecoder _gate;
    private readonly Tallies _tallies = new();
    private readonly WaiterPool<WriteWaiter> _writePool = new(pool => new WriteWaiter(pool));
    private readonly WaiterPool<ReadWaiter> _readPool = new(pool => new ReadWaiter(pool));
    private readonly PumpPass _pass;

    /// <summary>Makes a node that has not run yet.</summary>
    public Node(NodeOptions options, NodeStart start, IPeerTransport transport)
    {
        _options = options;
        _inputs = new InputQueue(options);
        _gate = new FrameDecoder(options.Cluster, options.Raft.Id);
        SnapshotFile? latest = start.Snapshots.Latest;
        SnapshotWorker = new SnapshotWorker(options, start.Snapshots, start.Quarantine, _inputs);
        Core = new RaftNode(options.Raft, start.Initial);
        PumpContext context = new()
        {
            Options = options,
            Core = Core,
            Inputs = _inputs,
            Outbox = new Outbox(options.Cluster, transport, _tallies),
            Deadlines = new DeadlineWheel(start.Initial.NowMs),
            Ids = new UniqueIds(options.Raft, start.Initial),
            Tallies = _tallies,
            NowMs = start.Initial.NowMs,
        };
        _pass = new PumpPass(context, start, SnapshotWorker, latest, _writePool);
    }

    /// <summary>What this node knew after its last run. Any thread.</summary>
    public NodeStatus Status => _pass.Status;

    /// <summary>The applied state. Any thread.</summary>
    public KvView View => _pass.Store.Current;

    /// <summary>The state hashes recorded last. Any thread.</summary>
    public IReadOnlyList<StateHash> RecordedHashes => _pass.Store.RecordedHashes;

    /// <summary>Work that must not run on the pump: writing, sending, receiving and loading snapshots.</summary>
    public SnapshotWorker SnapshotWorker { get; }

    /// <summary>What this node has done since its start. Any thread.</summary>
    public NodeCounters Counters => _tallies.Read(_inputs.Waiters);

    /// <summary>How many snapshots it has taken and installed since its start. The pump's thread.</summary>
    internal (long Taken, long Installed) Snapshots => (_tallies.SnapshotsTaken, _tallies.SnapshotsInstalled);

    /// <summary>How many writes and reads it has answered since its start, whether or not the caller has looked; those that were answered when they were
    /// asked are not counted. The pump's thread.</summary>
    internal long Answers => _pass.Answers;

    /// <summary>Callers here and on other nodes whose requests are not finished. Any thread.</summary>
    internal int Waiters => _inputs.Waiters;

    /// <summary>Proposes a command, through the leader wherever that is, and completes when it is applied on the node that
    /// proposed it, or when <paramref name="deadlineMs"/> passes. Any thread. The command must not change until then.</summary>
    /// <param name="command">What <see cref="KvCommand"/> encoded.</param>
    /// <param name="deadlineMs">On the clock that <see cref="RunOnce"/> is given, in milliseconds.</param>
    public ValueTask<WriteOutcome> WriteAsync(ReadOnlyMemory<byte> command, long deadlineMs)
    {
        ArgumentOutOfRangeException.ThrowIfZero(command.Length, nameof(command));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(command.Length, ForwardCodec.CommandBytesMax, nameof(command));
        WriteWaiter write = _writePool.Rent();
        write.Command = command;
        write.HeldBytes = command.Length;
        write.DeadlineMs = deadlineMs;

        // The task is made first: once the pump has the waiter, it may be finished at any moment.
        ValueTask<WriteOutcome> task = write.Task;
        RefusalReason refusal = _inputs.TryAdd(write);
        if (refusal == RefusalReason.None)
        {
            return task;
        }

        write.Reset();
        return new ValueTask<WriteOutcome>(new WriteOutcome(WriteCertainty.NotApplied, refusal, default));
    }

    /// <summary>Completes once <see cref="View"/> holds everything that any node had answered before the call: a read of it is then
    /// linearizable. Any number of waiting reads share one confirmation. Any thread.</summary>
    /// <returns><see cref="RefusalReason.None"/>, or why not.</returns>
    public ValueTask<RefusalReason> ConfirmReadAsync(long deadlineMs) => EnqueueRead(revision: 0, deadlineMs);

    /// <summary>Completes once <see cref="View"/> is at that revision or a later one. Any thread.</summary>
    /// <returns><see cref="RefusalReason.None"/>, or why not.</returns>
    public ValueTask<RefusalReason> WaitForRevisionAsync(long revision, long deadlineMs)
    {
        if (revision <= View.Revision)
        {
            return ValueTask.FromResult(Status.Divergence is null ? RefusalReason.None : RefusalReason.Diverged);
        }

        return EnqueueRead(revision, deadlineMs);
    }

    /// <summary>Asks the leader what it knows of every member; this node's own knowledge where there is no leader to ask. Any thread.</summary>
    public ValueTask<ClusterView> DescribeClusterAsync(long deadlineMs)
    {
        ClusterInquiry inquiry = new(new TaskCompletionSource<ClusterView>(TaskCreationOptions.RunContinuationsAsynchronously), deadlineMs);
        return new ValueTask<ClusterView>(_inputs.TryAdd(inquiry) ? inquiry.Answer.Task : Task.FromResult(LastView()));
    }

    /// <summary>Captures the applied state, at whatever index that is by then. Any thread.</summary>
    /// <returns>Null where the node stops or is quarantined, or too many ask.</returns>
    public ValueTask<CapturedState?> CaptureAsync()
    {
        StateCapture capture = new(new TaskCompletionSource<CapturedState?>(TaskCreationOptions.RunContinuationsAsynchronously));
        return _inputs.TryAdd(capture) ? new ValueTask<CapturedState?>(capture.Answer.Task) : ValueTask.FromResult<CapturedState?>(null);
    }

    /// <summary>Changes who belongs to the cluster, through the leader wherever it is, and completes when the change is over: committed, and
    /// no longer joint. A change that must wait for another one waits, until <paramref name="deadlineMs"/>. Any thread.</summary>
    public ValueTask<AdminOutcome> ChangeMembershipAsync(MembershipChange change, long deadlineMs) => Ask(new ChangeMembership(change), deadlineMs);

    /// <summary>Hands the leadership over, wherever it is now, and completes when another node leads, or it has failed. Any thread.</summary>
    /// <param name="target">Who shall lead; whoever is best for <see cref="NodeId.None"/>.</param>
    /// <param name="deadlineMs">On the clock that <see cref="RunOnce"/> is given, in milliseconds.</param>
    public ValueTask<AdminOutcome> TransferLeadershipAsync(NodeId target, long deadlineMs) => Ask(new TransferLeadership(target), deadlineMs);

    /// <summary>Makes the state of a quarantined member right, and completes when it serves again, or at <paramref name="deadlineMs"/> with how far
    /// it has come: it goes on by itself, and may be asked for again. Any thread.</summary>
    /// <param name="member">Whose.</param>
    /// <param name="trusts">True to take its state for right as it is, where no majority says otherwise, instead of the leader's.</param>
    /// <param name="deadlineMs">On the clock that <see cref="RunOnce"/> is given, in milliseconds.</param>
    public ValueTask<AdminOutcome> RepairAsync(NodeId member, bool trusts, long deadlineMs) => Ask(new RepairState(member, trusts), deadlineMs);

    /// <summary>Takes a whole frame that a peer sent, as it stood on the wire; decodes and checks it on the calling thread. Any
    /// thread, but one at a time for a connection. The node keeps the memory.</summary>
    /// <returns>What is wrong with it, or null; where something is, the connection must be closed.</returns>
    public string? Receive(NodeId from, PeerChannel channel, ReadOnlyMemory<byte> frame)
    {
        string? error = _gate.TryDecode(from, channel, frame, out Message? message) ?? FaultOf(message);
        if (error is not null)
        {
            _tallies.FrameRefused();
            return error;
        }

        bool isTaken = message is ForwardRequest request ? _inputs.TryAdd(request, frame.Length) : _inputs.TryAddFrame(message!, frame.Length);
        if (!isTaken)
        {
            _tallies.FrameDroppedAtGate();
        }

        return null;
    }

    /// <summary>The process has little memory left, or enough of it again. Until the next report a leader refuses puts
    /// (<see cref="RefusalReason.LowOnMemory"/>), its own callers' and forwarded ones, and takes everything else. A follower goes on as it is:
    /// what is committed cannot be refused. Meant for changes only. Any thread.</summary>
    public void ReportMemory(bool isLow) => _inputs.AddEvent(new MemoryReport(isLow));

    /// <summary>A peer's connection was made, or made anew. Any thread.</summary>
    public void PeerConnected(NodeId peer, PeerChannel channel) => _inputs.AddEvent(new PeerChange(peer, channel, IsConnected: true));

    /// <summary>A peer's connection was lost; what was queued on it is gone. Any thread.</summary>
    public void PeerLost(NodeId peer, PeerChannel channel) => _inputs.AddEvent(new PeerChange(peer, channel, IsConnected: false));

    /// <summary>The log writer finished something. Any thread.</summary>
    public void LogCompleted(LogCompletion completion) => _inputs.AddEvent(new LogFinished(completion));

    /// <summary>Refuses new requests from now on; those under way are still finished. Any thread.</summary>
    public void BeginShutdown() => _inputs.Close();

    /// <summary>Waits until there is input or the time is over. Pump thread.</summary>
    public bool WaitForInput(int timeoutMs) => _inputs.Wait(timeoutMs);

    /// <summary>Takes every input that is queued and does all that follows from it. Pump thread.</summary>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <returns>True where there was anything to do.</returns>
    /// <exception cref="RaftInvariantException">A safety rule is broken: the node must stop (exit code 5).</exception>
    /// <exception cref="LostEntriesException">The disk has forgotten what it had confirmed: the node must stop (exit code 3).</exception>
    public bool RunOnce(long nowMs) => _pass.Run(nowMs);

    /// <summary>The consensus core, for a simulation that looks for broken rules between two runs.</summary>
    internal RaftNode Core { get; }

    /// <summary>The bounds that this node keeps, for the same simulation.</summary>
    internal NodeOptions Options => _options;

    /// <summary>What its input queue holds. Any thread.</summary>
    internal InputLoad InputLoad => _inputs.Load;

    /// <summary>What the pump holds in queues and tables of its own. The pump's thread.</summary>
    internal PumpLoad PumpLoad => _pass.Load;

    /// <summary>Ends <see cref="WaitForInput"/>, now and later. Any thread.</summary>
    internal void EndWaiting() => _inputs.Stop();

    /// <summary>Tells everybody who still waits that the node stops. Pump thread, as its last act.</summary>
    internal void AbandonWaiters() => _pass.Stop();

    private ValueTask<RefusalReason> EnqueueRead(long revision, long deadlineMs)
    {
        ReadWaiter read = _readPool.Rent();
        read.Revision = revision;
        read.DeadlineMs = deadlineMs;
        ValueTask<RefusalReason> task = read.Task;
        RefusalReason refusal = _inputs.TryAdd(read);
        if (refusal == RefusalReason.None)
        {
            return task;
        }

        read.Reset();
        return new ValueTask<RefusalReason>(refusal);
    }

    private ValueTask<AdminOutcome> Ask(AdminAction action, long deadlineMs)
    {
        AdminInquiry inquiry = new(action, new TaskCompletionSource<AdminOutcome>(TaskCreationOptions.RunContinuationsAsynchronously), deadlineMs);
        return new ValueTask<AdminOutcome>(_inputs.TryAdd(inquiry) ? inquiry.Answer.Task : Task.FromResult(new AdminOutcome(AdminResult.Overloaded, NodeId.None)));
    }

    /// <summary>What a node that has stopped, or is asked too much, can say of the cluster.</summary>
    private ClusterView LastView()
    {
        NodeStatus status = Status;
        List<ClusterMemberView> members = [.. status.Configuration.Members.Select(member => new ClusterMemberView(member, status.Configuration.IsVoter(member.Id), false, -1, -1, -1))];
        return new ClusterView(FromLeader: false, status.Leader, status.Term, status.CommitIndex, members);
    }

    // A command that cannot be applied stops here: once committed, it would stop every node.
    private static string? FaultOf(Message? message)
    {
        if (message is ForwardRequest request)
        {
            foreach (ForwardedCommand command in request.Commands)
            {
                if (KvCommand.Check(command.Command.Span) is string fault)
                {
                    return $"a forwarded command cannot be applied: {fault}";
                }
            }
        }

        return null;
    }
}
