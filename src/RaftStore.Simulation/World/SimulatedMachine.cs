using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>One machine: its disk, its clock, and the process on it, which is the product's own code from the pump down. The
/// world's events decide when its pump runs, when its log writer gets to the disk, and whether that ends well.</summary>
internal sealed class SimulatedMachine : IPeerTransport
{
    public const string DataPath = "/data";

    /// <summary>Small segments, so that runs have many.</summary>
    public static readonly WalOptions Wal = new() { SegmentBytes = 128 << 10, RecycledSegmentsMax = 1 };

    private const long PumpDelayUsMax = 150;
    private const long TickUs = 10_000;
    private const long StallUsMax = 3_000_000;
    private readonly World _world;
    private readonly RandomStream _random;
    private readonly RandomStream _diskTimes;
    private readonly Departure _departure;
    private readonly int _clockPercent;
    private readonly Action _runPump;
    private readonly Action _runLog;
    private readonly Action _runLogOnce;
    private DataDirectory? _directory;
    private WriteAheadLog? _wal;
    private LogWriter? _log;
    private bool _pumpPlanned;
    private bool _logPlanned;
    private bool _workerPlanned;

    /// <summary>A machine that belongs to no cluster yet.</summary>
    /// <param name="number">Which machine of the world this is, from 1 on.</param>
    /// <param name="name">Its name; null for one that follows from its number.</param>
    /// <param name="address">Where peers reach it; null likewise.</param>
    public SimulatedMachine(World world, int number, string? name, string? address)
    {
        _world = world;
        Number = number;
        Name = name ?? World.NameOf(number);
        Address = address ?? World.AddressOf(number);
        _random = new RandomStream(world.Seed, $"machine {number}");
        _diskTimes = new RandomStream(world.Seed, $"disk times {number}");
        Disk = new SimulatedDisk(new RandomStream(world.Seed, $"disk {number}"));
        _departure = new Departure(world, this);

        // Planned again and again: made once.
        (_runPump, _runLog, _runLogOnce) = (RunPump, RunLog, RunLogOnce);
        int drift = world.Profile.DriftPercentMax;
        _clockPercent = 100 + (drift == 0 ? 0 : (int)_random.Between(-drift, drift));
    }

    public int Number { get; }

    public string Name { get; }

    public string Address { get; }

    /// <summary>The member that it speaks for; nobody before it has joined.</summary>
    public NodeId Id { get; private set; }

    /// <summary>True once its disk is gone: it never speaks for its member again.</summary>
    public bool IsWiped { get; private set; }

    /// <summary>True once it knows that it was removed: it stays down.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>True once it is left broken in the second phase.</summary>
    public bool IsDark { get; private set; }

    /// <summary>True from when its disk was damaged: any start may refuse it.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>True where it may be started, or runs.</summary>
    public bool MayRun => !Id.IsNone && !IsWiped && !HasLeft && !IsDark;

    /// <summary>The identity that it was first started with; null before it has joined.</summary>
    public NodeIdentity? Identity { get; private set; }

    public SimulatedDisk Disk { get; }

    /// <summary>The process, or null while the machine is down.</summary>
    public Node.Node? Node { get; private set; }

    public bool IsUp => Node is not null;

    /// <summary>Where its snapshots are, while it is up.</summary>
    public string SnapshotPath => _directory!.SnapshotPath;

    public bool IsPaused { get; private set; }

    /// <summary>Counts the lives of the process; what was planned for an earlier one does not happen.</summary>
    public int Life { get; private set; }

    /// <summary>The machine's own monotonic clock, in milliseconds.</summary>
    public long NowMs => 1_000_000L * Number + (_world.Events.NowUs * _clockPercent / 100 / 1000);

    public void WriteFirstIdentity(NodeIdentity identity)
    {
        using DataDirectory directory = DataDirectory.Open(Disk, DataPath);
        directory.WriteIdentity(identity);
        SpeakFor(identity);
    }

    /// <summary>Its disk holds that identity, and it speaks for the member that it names.</summary>
    public void SpeakFor(NodeIdentity identity)
    {
        Identity = identity;
        Id = identity.Node;
    }

    /// <summary>Its disk is gone, and with it a member for which it never spoke.</summary>
    public void LoseAs(NodeId id)
    {
        Id = id;
        IsWiped = true;
    }

    /// <summary>The number by which this machine's disk claims an id; see <see cref="DataDirectory.DrawInstance"/>.</summary>
    public ulong DrawInstance(Func<ulong> draw)
    {
        using DataDirectory directory = DataDirectory.Open(Disk, DataPath);
        return directory.DrawInstance(draw);
    }

    /// <summary>Starts the process, unless this machine is not to run any more.</summary>
    public void Start()
    {
        if (!MayRun)
        {
            return;
        }

        Life++;
        if (_world.Disks.Start(this, Boot))
        {
            _world.Trace.Tell($"{Id} starts: term {Node!.Status.Term}, log to {Node.Status.DurableIndex}, applied {Node.Status.AppliedIndex}");
            _world.Invariants.Started(this);
            _world.Invariants.Saw("clock ran fast or slow", _clockPercent == 100 ? 0 : 1);
            _world.Network.Restarted(Id);
            PlanPump(0);
            PlanTick(Life);
        }
    }

    /// <summary>The power fails: what was not synced may be lost.</summary>
    public void PowerCut()
    {
        long lostBefore = Disk.SectorsLost;
        End();
        Disk.PowerCut();
        _world.Invariants.Saw("machine lost power");
        _world.Trace.Tell($"{Id} loses its power, and {Disk.SectorsLost - lostBefore} sectors");
    }

    /// <summary>The process ends; the machine and what it wrote live on.</summary>
    public void Kill(string why)
    {
        End();
        Disk.ProcessKilled();
        _world.Trace.Tell($"{Id} ends: {why}");
    }

    /// <summary>The disk is lost with everything on it, and the process with it.</summary>
    public void Wipe()
    {
        End();
        Disk.Wipe();
        IsWiped = true;
        _world.Trace.Tell($"{Id} loses its disk");
    }

    /// <summary>The power fails, and does not come back.</summary>
    public void GoDark()
    {
        IsDark = true;
        if (IsUp)
        {
            PowerCut();
        }
    }

    /// <summary>It was removed, and has ended: it does not start again.</summary>
    public void Leave()
    {
        HasLeft = true;
        _world.Invariants.Saw("removed node stopped");
        Kill("exit code 0: removed");
    }

    public void Pause()
    {
        IsPaused = true;
        _world.Trace.Tell($"{Id} is paused");
    }

    public void Resume()
    {
        IsPaused = false;
        _world.Trace.Tell($"{Id} resumes");
        if (IsUp)
        {
            PlanPump(0);
            PlanWork();
        }
    }

    /// <summary>A frame arrives. A peer whose frame is refused would have its connection closed; here it is simply lost.</summary>
    public void Receive(NodeId from, PeerChannel channel, byte[] frame)
    {
        if (Node is null)
        {
            return;
        }

        frame = _world.Deceiver.Pass(this, from, channel, frame);
        string? error = Node.Receive(from, channel, frame);
        if (error is not null)
        {
            throw new SimulationFailureException($"machine {Id} refuses a frame of {from}, which nothing had changed: {error}");
        }

        if (Node.Status.AppliedConfiguration.WasRemoved(from))
        {
            _world.Invariants.HeardRemoved(Id, from, channel, frame);
        }

        PlanPump(_random.Between(1, PumpDelayUsMax));
    }

    public bool Send(NodeId to, PeerChannel channel, PeerFrame frame) => _world.Network.Send(Id, to, channel, frame);

    /// <inheritdoc/>
    public void Follow(Configuration configuration)
    {
        // Every machine of the world can reach every other by its id.
    }

    /// <summary>Lets the pump run soon; inputs wait for it.</summary>
    public void PlanPump(long delayUs)
    {
        if (_pumpPlanned || !IsUp)
        {
            return;
        }

        _pumpPlanned = true;
        Plan(delayUs, _runPump);
    }

    private void Boot()
    {
        _directory = DataDirectory.Open(Disk, DataPath);
        NodeIdentity identity = _directory.Identity ?? throw new SimulationFailureException($"machine {Id} lost its identity");
        RecoveredNode recovered = NodeRecovery.Recover(Disk, _directory, identity, Wal, NowMs, () => _world.Events.NowUs);
        _wal = recovered.Log;
        if (recovered.Found.TornBytes > 0)
        {
            _world.Invariants.Saw("torn tail recovered");
        }

        _log = recovered.Start.Log;
        NodeOptions options = new()
        {
            Cluster = identity.Cluster,
            Raft = new RaftOptions { Id = Id, Seed = _random.NextBits(), CatchUpBytes = _world.Profile.CatchUpBytes },
            SnapshotLogBytes = _world.Profile.SnapshotLogBytes,
            SnapshotChunkBytes = 4 << 10,
            LogReserveBytes = 32 << 10,
        };
        Node = new Node.Node(options, recovered.Start, this);
    }

    private void End()
    {
        Life++;
        Node = null;
        _log = null;
        _wal?.Dispose();
        _wal = null;
        _directory?.Dispose();
        _directory = null;
        IsPaused = false;
        _departure.Reset();
        _pumpPlanned = _logPlanned = _workerPlanned = false;
        _world.Workload.MachineEnded(this);
        _world.Membership.MachineEnded(this);
        _world.Backups.MachineEnded(this);
    }

    private void RunPump()
    {
        _pumpPlanned = false;
        if (!_world.Disks.RunPump(this))
        {
            return;
        }

        _world.Forger.AfterPump(this);
        _world.Invariants.AfterPump(this);
        _world.Workload.AfterPump(this);
        _world.Membership.AfterPump(this);
        _world.Backups.AfterPump(this);
        if (Node!.Status.IsRemoved)
        {
            _departure.Begin($"an entry up to {Node.Status.AppliedIndex} of its own log says so");
        }

        PlanWork();
    }

    private void PlanWork()
    {
        if (!_logPlanned && _log!.HasWork)
        {
            _logPlanned = true;
            bool stalls = _diskTimes.PerMille(_world.Profile.DiskStallPerMille) && !_world.IsHealed;
            _world.Invariants.Saw("disk stalled", stalls ? 1 : 0);
            Plan(stalls ? _diskTimes.Between(10_000, StallUsMax) : _diskTimes.Between(80, 2_000), _runLog);
        }

        if (!_workerPlanned && Node!.SnapshotWorker.HasWork)
        {
            _workerPlanned = true;
            Plan(_diskTimes.Between(200, 5_000), RunSnapshotWorker);
        }
    }

    private void RunLog() => OnDisk(_runLogOnce);

    private void RunLogOnce()
    {
        _logPlanned = false;
        LogCompletion? completion = _log!.RunOnce();
        _world.Invariants.AfterSync(this);
        if (completion is { } done)
        {
            Node!.LogCompleted(done);
        }
    }

    private void RunSnapshotWorker() => OnDisk(() =>
    {
        _workerPlanned = false;
        Node!.SnapshotWorker.RunOnce(NowMs);
    });

    private void OnDisk(Action work)
    {
        if (_world.Disks.Run(this, work))
        {
            PlanPump(_random.Between(1, PumpDelayUsMax));
            PlanWork();
        }
    }

    private void PlanTick(int life)
    {
        _world.Events.After(TickUs, Tick);
        void Tick()
        {
            if (life == Life)
            {
                PlanPump(0);
                _world.Events.After(TickUs, Tick);
                _departure.Dial();
            }
        }
    }

    /// <summary>Lets something happen in this life of the process, and not while it is paused.</summary>
    public void Plan(long delayUs, Action happen)
    {
        int life = Life;
        _world.Events.After(delayUs, () => HappenIn(life, happen));
    }

    private void HappenIn(int life, Action happen)
    {
        if (life != Life)
        {
            return;
        }

        if (IsPaused)
        {
            // The process stands still: the event waits until it goes on.
            _world.Events.After(TickUs, () => HappenIn(life, happen));
            return;
        }

        happen();
    }
}
