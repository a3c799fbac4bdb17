using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>What an operator does about the quarantine of one machine: perhaps starts it anew, which changes nothing, and then has it made right.</summary>
internal sealed class QuarantineCare
{
    private readonly World _world;
    private readonly RandomStream _random;
    private readonly SimulatedMachine _patient;
    private readonly Func<bool> _isRight;
    private bool _wasRestarted;
    private bool _isAsked;
    private int _life;

    /// <summary>Cares for a machine.</summary>
    /// <param name="isRight">Whether its state is right all the same, as far as people can tell who look at the others too.</param>
    public QuarantineCare(World world, RandomStream random, SimulatedMachine patient, Func<bool> isRight)
    {
        _world = world;
        _random = random;
        _patient = patient;
        _isRight = isRight;
    }

    /// <summary>True from when it was seen in quarantine until it is seen without.</summary>
    public bool IsQuarantined { get; private set; }

    /// <summary>True once somebody has asked for a repair and the quarantine ended.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Looks at it, and does something where that is needed.</summary>
    public void Look()
    {
        if (_patient.Node is not { } node)
        {
            return;
        }

        if (node.Status.Divergence is not { } report)
        {
            Ended();
            return;
        }

        _life = _patient.Life;
        if (!IsQuarantined)
        {
            IsQuarantined = true;
            _isAsked = false;
            _world.Trace.Tell($"{_patient.Id} is quarantined: {report}");
            _world.Invariants.Saw("node quarantined");
        }
        else if (!_wasRestarted && _random.OneIn(3) && _patient.Disk.FileExists($"{SimulatedMachine.DataPath}/{QuarantineMark.Name}"))
        {
            Restart();
        }
        else if (_world.Membership.DrawUp(_random) is { } asked)
        {
            _isAsked = true;
            _world.Membership.Run(Errand.Repair(asked, _patient.Id, trusts: _isRight() && !report.HasMajority, timeoutMs: 1_000, _ => { }));
        }
    }

    private void Restart()
    {
        _wasRestarted = true;
        _patient.Kill("an operator starts it anew");
        _patient.Start();
        bool isLost = _patient.Node is { Status.Divergence: null };
        ClusterInvariants.Check(!isLost, $"{_patient.Id} was started anew, and is not quarantined any more");
        _world.Invariants.Saw("quarantine survived a restart", _patient.IsUp ? 1 : 0);
    }

    // A crash may come before the quarantine was written down, and then it is found out again.
    private void Ended()
    {
        if (!IsQuarantined)
        {
            return;
        }

        bool isSameLife = _life == _patient.Life;
        ClusterInvariants.Check(_isAsked || !isSameLife, $"{_patient.Id} is not quarantined any more, and nobody has asked for it");
        _world.Invariants.Saw("quarantined node repaired", _isAsked && isSameLife ? 1 : 0);
        IsOver = _isAsked;
        IsQuarantined = false;
    }
}
