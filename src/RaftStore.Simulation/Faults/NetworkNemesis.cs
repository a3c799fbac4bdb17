using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>Does to the links between machines what the run's profile says, at times that it draws, until the world is healed. What it did ends
/// by itself after a while, or when the whole network is mended.</summary>
internal sealed class NetworkNemesis
{
    private const long LastsUsMax = 6_000_000;
    private const long FlapUsMax = 400_000;
    private const int FlapsMax = 20;
    private const long SwizzleUsMax = 600_000;
    private const long NoticedUsMax = 4_000_000;
    private const long BytesPerSecondMin = 100;
    private const long BytesPerSecondMax = 400_000;

    private readonly World _world;
    private readonly RandomStream _random;
    private readonly List<Action> _strikes = [];

    public NetworkNemesis(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "network nemesis");
        Add(NetworkTroubles.Split, Split);
        Add(NetworkTroubles.Isolate, Isolate);
        Add(NetworkTroubles.OneWay, CutOneWay);
        Add(NetworkTroubles.Bridge, Bridge);
        Add(NetworkTroubles.Flap, Flap);
        Add(NetworkTroubles.Swizzle, Swizzle);
        Add(NetworkTroubles.HalfOpen, HalfOpen);
        Add(NetworkTroubles.Narrow, Narrow);
        Add(NetworkTroubles.Reconnect, Reconnect);
    }

    /// <summary>Does one of the things that this run has, or mends the network.</summary>
    public void Strike()
    {
        int drawn = _random.Below(_strikes.Count + 1);
        if (drawn < _strikes.Count)
        {
            _strikes[drawn]();
            return;
        }

        _world.Network.Heal();
        Tell("the network is whole again");
    }

    private void Add(NetworkTroubles trouble, Action strike)
    {
        if (_world.Profile.Troubles.HasFlag(trouble))
        {
            _strikes.Add(strike);
        }
    }

    private void Split()
    {
        List<NodeId> left = [];
        List<NodeId> right = [];
        Deal(Present(), left, right);
        Raise(Obstacle.Between(left, right), "network split", $"the network is split: {Names(left)} | {Names(right)}");
    }

    private void Bridge()
    {
        List<NodeId> others = Present();
        NodeId bridge = TakeAny(others);
        List<NodeId> left = [];
        List<NodeId> right = [];
        Deal(others, left, right);
        if (left.Count > 0 && right.Count > 0)
        {
            Raise(Obstacle.Between(left, right), "network split with a bridge", $"the network is split, and only {bridge} reaches both sides: {Names(left)} | {Names(right)}");
        }
    }

    private void Isolate()
    {
        List<NodeId> others = Present();
        NodeId alone = TakeAny(others);
        bool isDeaf = _random.OneIn(2);
        bool isMute = !isDeaf || _random.OneIn(2);
        List<(NodeId, NodeId)> directions = [];
        foreach (NodeId other in others)
        {
            if (isDeaf)
            {
                directions.Add((other, alone));
            }

            if (isMute)
            {
                directions.Add((alone, other));
            }
        }

        string how = isDeaf && isMute ? "machine isolated" : isDeaf ? "machine deaf" : "machine mute";
        Raise(new Obstacle(directions), how, $"{alone} is cut off{(isDeaf ? ", hears nothing" : "")}{(isMute ? ", says nothing" : "")}");
    }

    private void CutOneWay()
    {
        if (DrawLink() is var (from, to))
        {
            Raise(new Obstacle([(from, to)]), "one-way cut", $"nothing goes from {from} to {to} any more");
        }
    }

    private void Flap()
    {
        if (DrawLink() is not var (one, other))
        {
            return;
        }

        Obstacle obstacle = _random.OneIn(2) ? Obstacle.Between([one], [other]) : new Obstacle([(one, other)]);
        Tell($"the link between {one} and {other} flaps");
        _world.Invariants.Saw("link flapped");
        FlapOn(obstacle, (int)_random.Between(2, FlapsMax));
    }

    private void FlapOn(Obstacle obstacle, int times)
    {
        if (obstacle.IsRaised || times == 0)
        {
            _world.Network.Clear(obstacle);
        }
        else
        {
            _world.Network.Raise(obstacle);
        }

        if (times > 0)
        {
            Later(_random.Between(1_000, FlapUsMax), () => FlapOn(obstacle, times - 1));
        }
    }

    // One by one, and back in another order: every set of machines between all and none is in the majority for a while.
    private void Swizzle()
    {
        List<NodeId> all = Present();
        List<NodeId> rest = [.. all];
        List<(NodeId Name, Obstacle Clog)> clogs = [];
        long atUs = 0;
        for (int count = 1 + _random.Below(all.Count); count > 0; count--)
        {
            NodeId one = TakeAny(rest);
            Obstacle clog = Obstacle.Between([one], [.. all.Where(other => other != one)]);
            clogs.Add((one, clog));
            atUs += _random.Between(1, SwizzleUsMax);
            Later(atUs, () =>
            {
                _world.Network.Raise(clog);
                Tell($"{one} is clogged");
            });
        }

        _world.Invariants.Saw("machines clogged one by one");
        while (clogs.Count > 0)
        {
            int drawn = _random.Below(clogs.Count);
            (NodeId one, Obstacle clog) = clogs[drawn];
            clogs.RemoveAt(drawn);
            atUs += _random.Between(1, SwizzleUsMax);
            Later(atUs, () =>
            {
                _world.Network.Clear(clog);
                Tell($"{one} is not clogged any more");
            });
        }
    }

    private void HalfOpen()
    {
        if (DrawLink() is not var (from, to))
        {
            return;
        }

        _world.Network.HalfOpen(from, to);
        _world.Invariants.Saw("connection half-open");
        Tell($"{from} believes in connections to {to} that are dead");
        Later(_random.Between(10_000, NoticedUsMax), () =>
        {
            _world.Network.Reconnect(from, to);
            Tell($"{from} has connected to {to} anew");
        });
    }

    private void Narrow()
    {
        if (DrawLink() is not var (from, to))
        {
            return;
        }

        // As many in each power of ten, about: from a trickle to nearly enough.
        long bytesPerSecond = BytesPerSecondMin;
        while (bytesPerSecond < BytesPerSecondMax && !_random.OneIn(4))
        {
            bytesPerSecond *= 3;
        }

        _world.Network.Narrow(from, to, bytesPerSecond);
        _world.Invariants.Saw("link narrowed");
        Tell($"no more than {bytesPerSecond} bytes a second go from {from} to {to}");
        EndLater(() => _world.Network.Narrow(from, to, 0));
    }

    private void Reconnect()
    {
        if (DrawLink() is var (from, to))
        {
            _world.Network.Reconnect(from, to);
            _world.Invariants.Saw("connection made anew");
            Tell($"{from} connects to {to} anew");
        }
    }

    private void Raise(Obstacle obstacle, string situation, string line)
    {
        _world.Network.Raise(obstacle);
        _world.Invariants.Saw(situation);
        Tell(line);
        EndLater(() => _world.Network.Clear(obstacle));
    }

    // Every second one lasts until the whole network is mended.
    private void EndLater(Action end)
    {
        if (_random.OneIn(2))
        {
            Later(_random.Between(10_000, LastsUsMax), end);
        }
    }

    private void Later(long delayUs, Action happen) => _world.Events.After(delayUs, () =>
    {
        if (!_world.IsHealed)
        {
            happen();
        }
    });

    private void Tell(string line) => _world.Trace.Tell(line);

    private List<NodeId> Present() => [.. _world.Present.Select(machine => machine.Id)];

    private NodeId TakeAny(List<NodeId> from)
    {
        NodeId taken = from[_random.Below(from.Count)];
        from.Remove(taken);
        return taken;
    }

    private (NodeId From, NodeId To)? DrawLink()
    {
        List<NodeId> present = Present();
        return present.Count < 2 ? null : (TakeAny(present), TakeAny(present));
    }

    private void Deal(List<NodeId> from, List<NodeId> left, List<NodeId> right)
    {
        foreach (NodeId one in from)
        {
            (_random.OneIn(2) ? left : right).Add(one);
        }
    }

    private static string Names(List<NodeId> ids) => string.Join(',', ids);
}
