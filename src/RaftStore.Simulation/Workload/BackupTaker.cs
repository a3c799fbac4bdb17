using RaftStore.Node;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>Somebody who takes backups of machines that run, as <c>GET /v1/snapshot</c> does: confirms the read or not, captures the state, and gets its
/// bytes a step at a time while the faults go on.</summary>
internal sealed class BackupTaker
{
    private const long EveryUsMax = 6_000_000;
    private const long StepUsMax = 400_000;
    private const long TimeoutMs = 3_000;

    private readonly World _world;
    private readonly RandomStream _random;
    private readonly BackupRules _rules;
    private SimulatedMachine? _machine;
    private Pending<RefusalReason>? _confirmation;
    private Pending<CapturedState?>? _capture;
    private long _begun;

    public BackupTaker(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "backups");
        _rules = new BackupRules(world, _random);
    }

    /// <summary>Waits, and takes one.</summary>
    public void Start() => _world.Events.After(_random.Between(1, EveryUsMax), () =>
    {
        if (_world.IsHealed)
        {
            return;
        }

        Start();
        if (_machine is null && _world.Membership.DrawUp(_random) is { } machine)
        {
            Ask(machine);
        }
    });

    /// <summary>A pump has run: takes its answer.</summary>
    public void AfterPump(SimulatedMachine machine)
    {
        if (machine != _machine)
        {
            return;
        }

        if (_confirmation is not null && _confirmation.TryTake(out RefusalReason reason))
        {
            _confirmation = null;
            if (reason == RefusalReason.None)
            {
                Capture(machine);
            }
            else
            {
                _machine = null;
            }
        }
        else if (_capture is not null && _capture.TryTake(out CapturedState? captured))
        {
            _capture = null;
            _machine = null;
            if (captured is { View.AppliedIndex: > 0 })
            {
                Stream(machine, captured);
            }
        }
    }

    /// <summary>The machine is gone, and the answer with it.</summary>
    public void MachineEnded(SimulatedMachine machine)
    {
        if (machine == _machine)
        {
            (_machine, _confirmation, _capture) = (null, null, null);
        }
    }

    private void Ask(SimulatedMachine machine)
    {
        _machine = machine;
        bool isStale = _random.OneIn(3);
        _begun = isStale ? 0 : _world.Workload.History.Begin();
        if (isStale)
        {
            Capture(machine);
            return;
        }

        _confirmation = new Pending<RefusalReason>(machine.Node!.ConfirmReadAsync(machine.NowMs + TimeoutMs));
        machine.PlanPump(0);
    }

    private void Capture(SimulatedMachine machine)
    {
        _capture = new Pending<CapturedState?>(machine.Node!.CaptureAsync());
        machine.PlanPump(0);
    }

    // Each step is sent later than the one before; whoever dies between two of them leaves a stream that is cut.
    private void Stream(SimulatedMachine machine, CapturedState captured)
    {
        List<byte> bytes = [];
        SnapshotEncoder encoder = new(_world.Cluster, captured.Metadata, more => bytes.AddRange(more));
        IEnumerator<long> steps = captured.View.WriteSnapshotInSteps(encoder).GetEnumerator();
        int life = machine.Life;
        long begun = _begun;
        void Go()
        {
            if (machine.Life != life)
            {
                _world.Invariants.Saw("backup cut off by the end of its machine");
                _rules.CheckCut([.. bytes]);
            }
            else if (steps.MoveNext())
            {
                _world.Events.After(_random.Between(1, StepUsMax), Go);
            }
            else
            {
                encoder.Complete();
                _rules.Check([.. bytes], captured.View, begun);
            }
        }

        Go();
    }
}
