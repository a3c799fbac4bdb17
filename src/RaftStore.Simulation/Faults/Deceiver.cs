using System.Globalization;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Node.Codec;
using RaftStore.Node.Divergence;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>Makes one machine believe that its state is wrong, and has it repaired: whatever hash the others tell it arrives as another one, the
/// same from all. Its state is right all the while, so every rule holds for it as for any other.</summary>
internal sealed class Deceiver
{
    private readonly World _world;
    private readonly RandomStream _random;
    private SimulatedMachine? _victim;
    private QuarantineCare? _care;

    public Deceiver(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "deceiver");
    }

    public void Start()
    {
        if (_world.Profile.DeceivesOne)
        {
            _victim = _world.Machines[_random.Below(_world.Profile.Machines)];
            _care = new QuarantineCare(_world, _random, _victim, () => false);
            Again();
        }
    }

    /// <summary>The frame as it arrives there.</summary>
    public byte[] Pass(SimulatedMachine receiver, NodeId from, PeerChannel channel, byte[] frame)
    {
        bool isMeant = receiver == _victim && _care is { IsQuarantined: false, IsOver: false };
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
        _care!.Look();
        if (!_care.IsOver)
        {
            Again();
        }
    });
}
