using System.Globalization;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Node.Codec;
using RaftStore.Node.Divergence;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>Makes one machine believe that its state is wrong, and has it repaired: whatever hash the others tell it arrives as another one, the
/// same from all. Its state is right all the while, so every rule holds for it as for any other.</summary>
internal sealed class Deceiver
{
    private readonly World _world;
    private readonly RandomStream _random;
    private SimulatedMachine? _victim;
    private bool _isQuarantined;
    private bool _wasRestarted;
    private bool _isAsked;
    private bool _isOver;
    private int _life;

    public Deceiver(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "deceiver");
    }

    /// <summary>False while a machine is quarantined that nobody has repaired yet.</summary>
    public bool IsFinished => !_isQuarantined || _isOver;

    public void Start()
    {
        if (_world.Profile.DeceivesOne)
        {
            _victim = _world.Machines[_random.Below(_world.Profile.Machines)];
            Again();
        }
    }

    /// <summary>The frame as it arrives there.</summary>
    public byte[] Pass(SimulatedMachine receiver, NodeId from, PeerChannel channel, byte[] frame)
    {
        bool isMeant = receiver == _victim && !_isQuarantined;
        if (!isMeant || new FrameDecoder(_world.Cluster, receiver.Id).TryDecode(from, channel, frame, out Message? message) is not null || message is not StateHashReport report)
        {
            return frame;
        }

        UInt128 hash = ~UInt128.Parse(report.State.Hash, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        StateHash other = report.State with { Hash = hash.ToString("x32", CultureInfo.InvariantCulture) };
        PeerFrame altered = StateHashCodec.Encode(new Envelope(_world.Cluster, from, receiver.Id, report.Term), report with { State = other });
        return SimulatedNetwork.Flatten(altered);
    }

    private void Again() => _world.Events.After(_random.Between(100_000, 1_000_000), () =>
    {
        Look();
        if (!_isOver)
        {
            Again();
        }
    });

    // What an operator does who sees it: perhaps starts the node anew, which changes nothing, and then has it repaired.
    private void Look()
    {
        if (_victim!.Node is not { } node)
        {
            return;
        }

        if (node.Status.Divergence is null)
        {
            Ended();
            return;
        }

        _life = _victim.Life;
        if (!_isQuarantined)
        {
            _isQuarantined = true;
            _world.Trace.Tell($"{_victim.Id} is quarantined");
            _world.Invariants.Saw("node quarantined");
        }
        else if (!_wasRestarted && _random.OneIn(3) && _victim.Disk.FileExists($"{SimulatedMachine.DataPath}/{QuarantineMark.Name}"))
        {
            _wasRestarted = true;
            _victim.Kill("an operator starts it anew");
            _victim.Start();
            bool isLost = _victim.Node is { Status.Divergence: null };
            ClusterInvariants.Check(!isLost, $"{_victim.Id} was started anew, and is not quarantined any more");
            _world.Invariants.Saw("quarantine survived a restart", _victim.IsUp ? 1 : 0);
        }
        else if (_world.Membership.DrawUp(_random) is { } asked)
        {
            _isAsked = true;
            _world.Membership.Run(Errand.Repair(asked, _victim.Id, timeoutMs: 1_000, _ => { }));
        }
    }

    // A crash may come before the quarantine was written down, and then it is found out again.
    private void Ended()
    {
        bool isRepaired = _isQuarantined && _isAsked;
        ClusterInvariants.Check(!_isQuarantined || _isAsked || _life != _victim!.Life, $"{_victim!.Id} is not quarantined any more, and nobody has asked for it");
        _world.Invariants.Saw("quarantined node repaired", isRepaired && _life == _victim.Life ? 1 : 0);
        _isOver = isRepaired;
        _isQuarantined = isRepaired;
    }
}
