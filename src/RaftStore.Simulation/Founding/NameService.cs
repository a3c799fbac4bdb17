namespace RaftStore.Simulation;

/// <summary>What the machines take for DNS: one name, which ought to show every machine there is. While the founding is hindered each answer lacks some,
/// shows others that it should not, comes late or not at all.</summary>
internal sealed class NameService(World world, Founding founding, DiscoveryFaults faults)
{
    private const string Moved = "moved-";
    private const string Stranger = "stranger-";

    /// <summary>An answer takes so long at least, in microseconds.</summary>
    private const long AnswerUsMin = 200;

    private readonly RandomStream _random = new(world.Seed, "names");

    /// <summary>True once every answer is whole, right and at hand.</summary>
    public bool IsRight { get; set; }

    /// <summary>Asks for the name; the answer comes later.</summary>
    /// <param name="asker">Who asks.</param>
    /// <param name="answered">Gets the addresses, and why there are none.</param>
    public void Ask(Seeker asker, Action<string[], string> answered)
    {
        bool showsHalf = faults.NameShowsHalves && !IsRight;
        string[] shown = [.. founding.Present.Where(machine => !showsHalf || InFirstHalf(machine) == InFirstHalf(asker.Machine)).Select(machine => machine.Address).Distinct(StringComparer.Ordinal)];
        string trouble = "";
        long delayUs = AnswerUsMin;
        if (!IsRight)
        {
            delayUs = faults.NameLateMsMax == 0 ? delayUs : _random.Between(AnswerUsMin, 1000L * faults.NameLateMsMax);
            (shown, trouble) = Spoil(shown);
        }

        Array.Sort(shown, StringComparer.Ordinal);
        world.Events.After(delayUs, () => answered(shown, trouble));
    }

    /// <summary>Who is reached at an address; null for nobody.</summary>
    public SimulatedMachine? Find(string address)
    {
        if (address.StartsWith(Moved, StringComparison.Ordinal))
        {
            address = address[Moved.Length..];
        }

        return world.Machines.LastOrDefault(machine => machine.Address == address);
    }

    /// <summary>True where something answers at that address which is no node.</summary>
    public static bool IsStranger(string address) => address.StartsWith(Stranger, StringComparison.Ordinal);

    // A machine that comes back in the place of another has the other's half.
    private bool InFirstHalf(SimulatedMachine machine) => new RandomStream(world.Seed, $"half of {machine.Name}").OneIn(2);

    private (string[] Shown, string Trouble) Spoil(string[] right)
    {
        if (_random.PerMille(faults.NameFailedPerMille))
        {
            world.Invariants.Saw("name query failed");
            return ([], "the name cannot be resolved: the name server does not answer");
        }

        List<string> shown = [.. right.Where(_ => !_random.PerMille(faults.NameMissingPerMille))];
        world.Invariants.Saw("name answer missing a machine", shown.Count < right.Length ? 1 : 0);
        if (_random.PerMille(faults.NameStalePerMille))
        {
            shown.Add(_random.Below(3) switch
            {
                0 => $"gone-{_random.Below(2)}:1",
                1 => $"{Stranger}{_random.Below(2)}:1",
                _ => Moved + founding.Seekers[_random.Below(founding.Seekers.Count)].Machine.Address,
            });
            world.Invariants.Saw("stale name answered");
        }

        return ([.. shown], shown.Count == 0 ? "the name has no address" : "");
    }
}
