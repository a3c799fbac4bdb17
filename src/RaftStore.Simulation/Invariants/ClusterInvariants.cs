using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RaftStore.Node;
using RaftStore.Node.Codec;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>What may never be seen, looked for after every step: one sentence a rule. Rules about single messages stand in
/// <see cref="MessageRules"/> and <see cref="ReadRules"/>, rules about logs in <see cref="LogRules"/>, rules about what is on the platters in
/// <see cref="PlatterRules"/>, rules about what is held at a time in <see cref="BoundRules"/>, rules about what a commit rests on in
/// <see cref="ProgressRules"/>.</summary>
internal sealed class ClusterInvariants
{
    private readonly World _world;
    private readonly MessageRules _messages;
    private readonly ReadRules _reads = new();
    private readonly LogRules _logs;
    private readonly ProgressRules _progress = new();
    private readonly PlatterRules _platters;
    private readonly ConfigurationRules _configurations;
    private readonly Dictionary<long, NodeId> _leaders = [];
    private readonly Dictionary<long, UInt128> _hashes = [];
    private readonly Dictionary<NodeId, Observed> _last = [];
    private readonly Dictionary<NodeId, (long Taken, long Installed, DamagedSnapshot? Damaged)> _snapshots = [];
    private readonly Dictionary<string, long> _sightings = new(StringComparer.Ordinal);

    public ClusterInvariants(World world)
    {
        _world = world;
        _messages = new MessageRules(this);
        _configurations = new ConfigurationRules(world, this);
        _logs = new LogRules(this, _configurations);
        _platters = new PlatterRules(world, _configurations);
    }

    /// <summary>How often each rare situation occurred: a batch of runs in which one never does tries less than it seems to.</summary>
    public IReadOnlyDictionary<string, long> Sightings => new SortedDictionary<string, long>(_sightings, StringComparer.Ordinal);

    /// <summary>The newest configuration that any node knows to be committed, and its entry.</summary>
    public (long Index, Configuration Configuration) CommittedConfiguration => _configurations.Committed;

    /// <summary>What was last seen in force on that member's machine.</summary>
    public (long Index, Configuration Configuration)? LastConfigurationOf(NodeId id) => _configurations.LastOf(id);

    /// <summary>There is a cluster.</summary>
    public void Founded() => _configurations.Founded();

    /// <summary>A situation occurred so many times.</summary>
    public void Saw(string situation, long times = 1)
    {
        if (times > 0)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_sightings, situation, out _) += times;
        }
    }

    public void FrameSent(NodeId from, NodeId to, PeerChannel channel, byte[] frame)
    {
        string? error = new FrameDecoder(_world.Cluster, to).TryDecode(from, channel, frame, out Message? message);
        Check(error is null, $"{from} sends {to} a frame that it could not read: {error}");
        _world.Trace.Note(Crc32C.Compute(frame));
        _messages.Sent(_world.Machine(from)!, message!);
        _reads.Sent(_world.Machine(from)!, message!);
        if (message is InstallSnapshot chunk)
        {
            _configurations.CheckSnapshot(from, chunk.Snapshot);
        }
    }

    /// <summary>Somebody was told what became of a change of the membership.</summary>
    public void Told(MembershipChange change, AdminOutcome outcome) => _configurations.Told(change, outcome);

    /// <summary>A machine begins to speak for a member; the cluster gave it that id.</summary>
    public static void Admitted(NodeId id, bool isFirst) => Check(isFirst, $"a second machine was given the id {id}");

    /// <summary>A member got a frame of one that was removed.</summary>
    public void HeardRemoved(NodeId to, NodeId from, PeerChannel channel, byte[] frame)
    {
        bool isCampaign = new FrameDecoder(_world.Cluster, to).TryDecode(from, channel, frame, out Message? message) is null && message is PreVoteRequest or VoteRequest;
        Saw("removed node ignored", isCampaign ? 1 : 0);
    }

    /// <summary>What would be left of a machine's log after a power cut that loses all it can holds that entry.</summary>
    public bool HoldsOnPlatter(SimulatedMachine machine, long index) => _platters.HoldsOnPlatter(machine, index);

    /// <summary>The term of the entry with that index in what would be left of a machine's log after a power cut that loses all it can; -1 where
    /// there is none.</summary>
    public long TermOnPlatter(SimulatedMachine machine, long index) => _platters.TermOnPlatter(machine, index);

    /// <summary>The term and the vote that a power cut would leave on that machine.</summary>
    public HardState HardStateOnPlatter(SimulatedMachine machine) => _platters.HardStateOnPlatter(machine);

    /// <summary>A process has started from what its disk held.</summary>
    public void Started(SimulatedMachine machine)
    {
        _last.Remove(machine.Id);
        _snapshots.Remove(machine.Id);
        _messages.Started(machine);
        _platters.Started(machine);
        _logs.Look(machine, everything: true);
        _progress.Started(machine);
        _configurations.Started(machine);
    }

    /// <summary>A pump has run.</summary>
    public void AfterPump(SimulatedMachine machine)
    {
        RaftNode core = machine.Node!.Core;
        Kv.KvView view = machine.Node.View;
        Observed now = new(core.Role, core.Term, core.CommitIndex, core.AppliedIndex, view.AppliedIndex, view.Revision, view.CompactedRevision);
        NoteSnapshots(machine);
        BoundRules.Check(machine);
        _progress.AfterPump(machine);
        if (core.IsInContactWithLeader && core.Leader.IsNone)
        {
            throw new SimulationFailureException($"{machine.Id} is in contact with a leader in term {core.Term}, and knows of none");
        }

        Observed before = _last.GetValueOrDefault(machine.Id);
        if (now == before)
        {
            _logs.Look(machine, everything: false);
            _configurations.AfterPump(machine);
            return;
        }

        _last[machine.Id] = now;
        _reads.Committed(now.Commit);
        _world.Trace.Note((now.Term << 32) ^ now.Commit);
        CheckMonotony(machine.Id, before, now);
        CheckOrder(machine.Id, core, now);
        _logs.Look(machine, everything: false);
        _configurations.AfterPump(machine);
        if (now.Role != before.Role)
        {
            ChangedRole(machine, before.Role, now);
        }

        if (now.ViewIndex != before.ViewIndex)
        {
            CheckHash(machine.Id, now.ViewIndex, view);
            _platters.Shows(now.Revision, now.ViewIndex);
        }
    }

    /// <summary>A log writer has run.</summary>
    public void AfterSync(SimulatedMachine machine) => _world.Trace.Note(machine.Disk.Operations);

    /// <summary>A client was told that its write is applied.</summary>
    public void Acknowledged(long revision) => _platters.Acknowledged(revision);

    public void AtEnd()
    {
        _world.Workload.CheckHistory();
        Check(
            _world.Workload.IsFinished && Convergence.IsReached(_world),
            $"a minute after everything was healed the cluster has not converged: {Convergence.Describe(_world)}, {string.Join("; ", _world.Machines.Select(Describe))}");
        foreach (SimulatedMachine machine in _world.Machines.Where(machine => !machine.Id.IsNone && !machine.IsWiped && !machine.IsDamaged))
        {
            _platters.Inspect(machine);
        }

        new RecoveryRules(_world).AtEnd();
    }

    /// <summary>Returns only where the rule holds; the text is put together only where it does not.</summary>
    public static void Check(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Invariant.Message message)
    {
        if (!holds)
        {
            throw new SimulationFailureException(message.ToString());
        }
    }

    /// <summary>Returns only where the rule holds.</summary>
    public static void Check(bool holds, string message)
    {
        if (!holds)
        {
            throw new SimulationFailureException(message);
        }
    }

    private static string Describe(SimulatedMachine machine) => machine.Node is not { } node
        ? $"{machine.Name} ({machine.Id}) is {(machine.IsWiped ? "wiped" : machine.HasLeft ? "removed" : machine.IsDark ? "dark" : "down")}"
        : $"{machine.Id} {node.Core.Role} of term {node.Core.Term}, log to {node.Core.LastEntry}, durable {node.Core.DurableIndex}, commit {node.Core.CommitIndex}, applied {node.View.AppliedIndex}{(node.Status.HasLogSpace ? "" : ", log full")}";

    // I5: term, commit, applied, revision and compacted revision never go back within one life of a process. What a restart may
    // forget (commit and what follows from it) it forgets only down to what is durable, which Started looks at.
    private static void CheckMonotony(NodeId id, Observed before, Observed now)
    {
        Check(now.Term >= before.Term, $"{id} goes back from term {before.Term} to {now.Term}");
        Check(now.Commit >= before.Commit, $"{id} goes back from commit index {before.Commit} to {now.Commit}");
        Check(now.Applied >= before.Applied && now.ViewIndex >= before.ViewIndex, $"{id} goes back from applied index {before.Applied}/{before.ViewIndex} to {now.Applied}/{now.ViewIndex}");
        Check(now.Revision >= before.Revision, $"{id} goes back from revision {before.Revision} to {now.Revision}");
        Check(now.Compacted >= before.Compacted, $"{id} goes back from compacted revision {before.Compacted} to {now.Compacted}");
    }

    // A node applies only what is committed and durable, and commits only what it has.
    private static void CheckOrder(NodeId id, RaftNode core, Observed now)
    {
        Check(now.Commit <= core.LastEntry.Index, $"{id} has commit index {now.Commit} in a log that ends in {core.LastEntry}");
        Check(now.Applied <= now.Commit && now.Applied <= core.DurableIndex, $"{id} applied {now.Applied} with commit index {now.Commit} and {core.DurableIndex} durable");
        Check(core.DurableIndex <= core.LastEntry.Index, $"{id} has {core.DurableIndex} durable of a log that ends in {core.LastEntry}");
        Check(now.ViewIndex == now.Applied, $"{id} shows index {now.ViewIndex}, but handed out {now.Applied}");
    }

    private void NoteSnapshots(SimulatedMachine machine)
    {
        (long taken, long installed) = machine.Node!.Snapshots;
        (long Taken, long Installed, DamagedSnapshot? Damaged) now = (taken, installed, machine.Node.Status.DamagedSnapshot);
        (long Taken, long Installed, DamagedSnapshot? Damaged) before = _snapshots.GetValueOrDefault(machine.Id);
        if (now == before)
        {
            return;
        }

        if (now.Damaged is not null && now.Damaged != before.Damaged)
        {
            Check(machine.IsDamaged, $"{machine.Id} finds its snapshot of {now.Damaged.LastIncluded} damaged, though nothing damaged it: {now.Damaged.Reason}");
            Saw("snapshot that rotted in use found, to be taken anew");
        }

        if (now.Installed > before.Installed)
        {
            Saw("snapshot installed");
            _world.Trace.Tell($"{machine.Id} has installed a snapshot up to entry {machine.Node.View.AppliedIndex}");
            Saw("snapshot carrying a configuration installed", _configurations.HasNewMembers(machine) ? 1 : 0);
        }

        if (now.Taken > before.Taken)
        {
            Saw("snapshot taken");
            _world.Trace.Tell($"{machine.Id} has saved a snapshot");
            if (!machine.IsDamaged)
            {
                _platters.CheckSnapshot(machine);
            }

            Saw("snapshot of the second generation with members of the first", _configurations.IsOfSecondGeneration(machine) ? 1 : 0);
        }

        _snapshots[machine.Id] = now;
    }

    private void ChangedRole(SimulatedMachine machine, RaftRole before, Observed now)
    {
        _world.Trace.Tell(now.Role switch
        {
            RaftRole.PreCandidate => $"{machine.Id} hears no leader, and asks whether it would be elected in term {now.Term + 1}",
            RaftRole.Candidate => $"{machine.Id} campaigns in term {now.Term}",
            RaftRole.Leader => $"{machine.Id} leads term {now.Term}",
            _ => $"{machine.Id} {(before == RaftRole.Leader ? "leads no more" : "follows")} in term {now.Term}",
        });
        Saw($"became {now.Role}");
        if (before == RaftRole.Leader)
        {
            Saw("leader stepped down");
        }

        if (now.Role == RaftRole.Leader)
        {
            // I1: at most one leader per term, ever.
            Check(_leaders.TryAdd(now.Term, machine.Id) || _leaders[now.Term] == machine.Id, $"{_leaders[now.Term]} and {machine.Id} both lead term {now.Term}");
            Saw($"leader elected among {machine.Node!.Core.Configuration.VoterIds.Length} voters");
            _logs.BecameLeader(machine);
            _configurations.BecameLeader(machine, voter => _messages.HasVoted(voter, now.Term, machine.Id));
        }
    }

    // I4 and I10: the same entry at the same index on all nodes, in order, once; so states at equal indexes are equal.
    private void CheckHash(NodeId id, long index, Kv.KvView view)
    {
        if (_world.Forger.IsIn(view))
        {
            return;
        }

        UInt128 hash = view.Summary.Hash();
        if (!_hashes.TryAdd(index, hash))
        {
            Check(_hashes[index] == hash, $"{id} has state hash {view.Hash} at index {index}, where another had {_hashes[index].ToString("x32", CultureInfo.InvariantCulture)}");
        }
    }

    private readonly record struct Observed(RaftRole Role, long Term, long Commit, long Applied, long ViewIndex, long Revision, long Compacted);
}
