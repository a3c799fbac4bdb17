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
    private readonly int _clockPercent;
    private DataDirectory? _directory;
    private WriteAheadLog? _wal;
    private LogWriter? _log;
    private bool _pumpPlanned;
    private bool _logPlanned;
    private bool _workerPlanned;

    public SimulatedMachine(World world, NodeId id)
    {
        _world = world;
        Id = id;
        _random = new RandomStream(world.Seed, $"machine {id}");
        _diskTimes = new RandomStream(world.Seed, $"disk times {id}");
        Disk = new SimulatedDisk(new RandomStream(world.Seed, $"disk {id}"));
        int drift = world.Profile.DriftPercentMax;
        _clockPercent = 100 + (drift == 0 ? 0 : (int)_random.Between(-drift, drift));
    }

    public NodeId Id { get; }

    public SimulatedDisk Disk { get; }

    /// <summary>The process, or null while the machine is down.</summary>
    public Node.Node? Node { get; private set; }

    public bool IsUp => Node is not null;

    public bool IsPaused { get; private set; }

    /// <summary>Counts the lives of the process; what was planned for an earlier one does not happen.</summary>
    public int Life { get; private set; }

    /// <summary>The machine's own monotonic clock, in milliseconds.</summary>
    public long NowMs => 1_000_000L * Id.Value + (_world.Events.NowUs * _clockPercent / 100 / 1000);

    public void WriteFirstIdentity(NodeIdentity identity)
    {
        using DataDirectory directory = DataDirectory.Open(Disk, DataPath);
        directory.WriteIdentity(identity);
    }

    public void Start()
    {
        Life++;
        try
        {
            Boot();
            _world.Trace.Tell($"{Id} starts: term {Node!.Status.Term}, log to {Node.Status.DurableIndex}, applied {Node.Status.AppliedIndex}");
            _world.Invariants.Started(this);
            PlanPump(0);
            PlanTick(Life);
        }
        catch (SimulatedPowerCutException)
        {
            PowerCut();
        }
        catch (StorageIoException exception)
        {
            Kill($"could not start: {exception.Message}");
        }
        catch (DataDirectoryException exception)
        {
            throw new SimulationFailureException($"machine {Id} finds its data damaged, though nothing damaged it: {exception.Message}", exception);
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

        string? error = Node.Receive(from, channel, frame);
        if (error is not null)
        {
            throw new SimulationFailureException($"machine {Id} refuses a frame of {from}, which nothing had changed: {error}");
        }

        PlanPump(_random.Between(1, PumpDelayUsMax));
    }

    public bool Send(NodeId to, PeerChannel channel, PeerFrame frame)
    {
        _world.Network.Send(Id, to, channel, frame);
        return true;
    }

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
        Plan(delayUs, RunPump);
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
        _pumpPlanned = _logPlanned = _workerPlanned = false;
        _world.Workload.MachineEnded(this);
    }

    private void RunPump()
    {
        _pumpPlanned = false;
        try
        {
            Node!.RunOnce(NowMs);
        }
        catch (RaftInvariantException exception)
        {
            throw new SimulationFailureException($"machine {Id} stops itself: {exception.Message}", exception);
        }

        _world.Invariants.AfterPump(this);
        _world.Workload.AfterPump(this);
        PlanWork();
    }

    private void PlanWork()
    {
        if (!_logPlanned && _log!.HasWork)
        {
            _logPlanned = true;
            bool stalls = _diskTimes.PerMille(_world.Profile.DiskStallPerMille) && !_world.IsHealed;
            Plan(stalls ? _diskTimes.Between(10_000, StallUsMax) : _diskTimes.Between(80, 2_000), RunLog);
        }

        if (!_workerPlanned && Node!.SnapshotWorker.HasWork)
        {
            _workerPlanned = true;
            Plan(_diskTimes.Between(200, 5_000), RunSnapshotWorker);
        }
    }

    private void RunLog() => OnDisk(() =>
    {
        _logPlanned = false;
        LogCompletion? completion = _log!.RunOnce();
        _world.Invariants.AfterSync(this);
        if (completion is { } done)
        {
            Node!.LogCompleted(done);
        }
    });

    private void RunSnapshotWorker() => OnDisk(() =>
    {
        _workerPlanned = false;
        Node!.SnapshotWorker.RunOnce(NowMs);
    });

    private void OnDisk(Action work)
    {
        try
        {
            work();
            PlanPump(_random.Between(1, PumpDelayUsMax));
            PlanWork();
        }
        catch (SimulatedPowerCutException)
        {
            PowerCut();
        }
        catch (StorageIoException exception)
        {
            _world.Invariants.Saw("machine's log failed");
            Kill($"exit code 4: {exception.Message}");
        }
    }

    private void PlanTick(int life) => _world.Events.After(TickUs, () =>
    {
        if (life == Life)
        {
            PlanPump(0);
            PlanTick(life);
        }
    });

    private void Plan(long delayUs, Action happen)
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
