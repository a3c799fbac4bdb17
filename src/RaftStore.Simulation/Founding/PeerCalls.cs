using System.Buffers.Binary;
using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>Carries questions and answers between machines of which one may have no id yet: each pair is one connection of a moment, over a simulated
/// network of its own that is as bad as the run's. Machines stand in it under their numbers.</summary>
internal sealed class PeerCalls
{
    /// <summary>What is lost of a connection is sent again after so long, in microseconds, as by TCP.</summary>
    private const long AgainUs = 300_000;

    /// <summary>Where nobody listens one hears so after at most this long, in microseconds.</summary>
    private const long RefusedUsMax = 20_000;

    private readonly World _world;
    private readonly RandomStream _random;
    private readonly Func<Seeker, int, SimulatedMachine, byte[], byte[]?> _serve;
    private readonly SortedDictionary<uint, Call> _open = [];
    private uint _lastNumber;

    /// <summary>Nobody has called yet.</summary>
    /// <param name="world">The run.</param>
    /// <param name="serve">Answers a question of somebody, which he sent in that life, at a machine; null for no answer.</param>
    public PeerCalls(World world, Func<Seeker, int, SimulatedMachine, byte[], byte[]?> serve)
    {
        _world = world;
        _serve = serve;
        _random = new RandomStream(world.Seed, "calls");
        Network = new SimulatedNetwork(world.Events, new RandomStream(world.Seed, "network of the founding"), Deliver)
        {
            Faults = world.Profile.Network,
            Sent = (_, _, _, frame) => world.Trace.Note(Crc32C.Compute(frame)),
        };
    }

    /// <summary>What carries them.</summary>
    public SimulatedNetwork Network { get; }

    /// <summary>Asks.</summary>
    /// <param name="asker">Who asks.</param>
    /// <param name="asked">Who is asked; null where nobody is.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="timeoutUs">When to give up, in microseconds from now.</param>
    /// <param name="answered">Called once, and later: with the answer, or null where there is none.</param>
    public void Ask(Seeker asker, SimulatedMachine? asked, byte[] question, long timeoutUs, Action<byte[]?> answered)
    {
        if (asked is null)
        {
            _world.Events.After(_random.OneIn(2) ? timeoutUs : _random.Between(1, RefusedUsMax), () => answered(null));
            return;
        }

        uint number = ++_lastNumber;
        _open.Add(number, new Call(asker, asker.Life, answered));
        NodeId from = IdOf(asker.Machine);
        NodeId to = IdOf(asked);
        Send(from, to, number, question);
        _world.Events.After(timeoutUs, () =>
        {
            if (_open.Remove(number))
            {
                answered(null);
            }
        });
    }

    private static NodeId IdOf(SimulatedMachine machine) => new((uint)machine.Number);

    private static PeerFrame Frame(uint number, byte[] content)
    {
        byte[] frame = new byte[sizeof(uint) + content.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, number);
        content.CopyTo(frame, sizeof(uint));
        return new PeerFrame(frame, []);
    }

    // For as long as somebody waits for the answer.
    private void Send(NodeId from, NodeId to, uint number, byte[] question)
    {
        if (_open.ContainsKey(number))
        {
            Network.Send(from, to, PeerChannel.Control, Frame(number, question));
            _world.Events.After(AgainUs, () => Send(from, to, number, question));
        }
    }

    private void Deliver(NodeId from, NodeId to, PeerChannel channel, byte[] frame)
    {
        uint number = BinaryPrimitives.ReadUInt32LittleEndian(frame);
        if (!_open.TryGetValue(number, out Call? call))
        {
            return;
        }

        byte[] content = frame[sizeof(uint)..];
        if (channel == PeerChannel.Bulk)
        {
            _open.Remove(number);
            call.Answered(content);
        }
        else if (_serve(call.Asker, call.AskersLife, _world.Machines[(int)to.Value - 1], content) is { } answer)
        {
            Network.Send(to, from, PeerChannel.Bulk, Frame(number, answer));
        }
    }

    private sealed record Call(Seeker Asker, int AskersLife, Action<byte[]?> Answered);
}
