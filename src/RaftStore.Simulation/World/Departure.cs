namespace RaftStore.Simulation;

/// <summary>How a process learns that its member was removed, and ends.</summary>
internal sealed class Departure
{
    /// <summary>The product looks ten times a second at what its pump says, and then ends in good order.</summary>
    private const long LeavingUsMax = 150_000;

    /// <summary>A connection to some member is made anew once in this many ticks: every three seconds.</summary>
    private const int DialOneInTicks = 300;

    private readonly World _world;
    private readonly SimulatedMachine _machine;
    private readonly RandomStream _random;
    private bool _isBegun;

    public Departure(World world, SimulatedMachine machine)
    {
        _world = world;
        _machine = machine;
        _random = new RandomStream(world.Seed, $"departure {machine.Number}");
    }

    /// <summary>The process has ended; the next one knows nothing yet.</summary>
    public void Reset() => _isBegun = false;

    /// <summary>The process knows that it was removed, and goes a little later.</summary>
    public void Begin(string source)
    {
        if (!_isBegun)
        {
            _isBegun = true;
            _world.Trace.Tell($"{_machine.Id} was removed ({source})");
            _machine.Plan(_random.Between(1_000, LeavingUsMax), _machine.Leave);
        }
    }

    /// <summary>A tick has passed. Now and then a connection is made anew, and whoever knows that the caller was removed refuses the handshake.</summary>
    public void Dial()
    {
        if (_random.OneIn(DialOneInTicks) && !_machine.IsPaused && _world.Membership.DrawUp(_random) is { IsPaused: false } peer
            && !_world.Network.IsCut(_machine.Id, peer.Id) && !_world.Network.IsCut(peer.Id, _machine.Id)
            && peer.Node!.Status.AppliedConfiguration.WasRemoved(_machine.Id))
        {
            Begin($"{peer.Id} says so");
        }
    }
}
