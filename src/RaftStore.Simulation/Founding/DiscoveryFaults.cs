namespace RaftStore.Simulation;

/// <summary>How machines that know a name and a number alone are hindered from founding a cluster. Drawn like a <see cref="FaultProfile"/>, from a
/// stream of its own.</summary>
public sealed record DiscoveryFaults
{
    /// <summary>One run in so many is founded by discovery.</summary>
    private const int OneIn = 3;

    /// <summary>Machines beyond the number that is expected: they may be among the founders as well as the others, and who is left out joins.</summary>
    public int Spares { get; init; }

    /// <summary>How long after the first machine another may start, in milliseconds.</summary>
    public int StartLateMsMax { get; init; }

    /// <summary>Addresses in a thousand that an answer to the name lacks.</summary>
    public int NameMissingPerMille { get; init; }

    /// <summary>Answers in a thousand that show an address of one who is gone, has moved, or is somebody else.</summary>
    public int NameStalePerMille { get; init; }

    /// <summary>Whether the name shows each machine only the machines of its own half, such as two name servers of which neither knows the other do.</summary>
    public bool NameShowsHalves { get; init; }

    /// <summary>Questions for the name in a thousand that fail.</summary>
    public int NameFailedPerMille { get; init; }

    /// <summary>How late an answer to the name may come, in milliseconds.</summary>
    public int NameLateMsMax { get; init; }

    /// <summary>Mean time between cuts between machines, in milliseconds; 0 for none. As of the next two, some more are aimed at the moments in which
    /// a machine founds.</summary>
    public int CutEveryMs { get; init; }

    /// <summary>Mean time between crashes of machines that have no cluster yet, in milliseconds; 0 for none.</summary>
    public int CrashEveryMs { get; init; }

    /// <summary>Mean time between losses of the disk of such a machine, in milliseconds; 0 for none.</summary>
    public int WipeEveryMs { get; init; }

    /// <summary>How long all this lasts at most before a cluster must come about, in milliseconds.</summary>
    public required int FaultyMs { get; init; }

    /// <summary>What a seed draws; null where its founders know each other.</summary>
    /// <param name="seed">The run.</param>
    /// <param name="mayChange">Whether members may come and go in this run.</param>
    public static DiscoveryFaults? Draw(ulong seed, bool mayChange)
    {
        RandomStream random = new(seed, "troubles of a founding");
        if (!random.OneIn(OneIn))
        {
            return null;
        }

        DiscoveryFaults faults = new()
        {
            Spares = random.OneIn(3) ? 0 : (int)random.Between(1, 3),
            StartLateMsMax = Sometimes(random, 200, 8_000),
            NameMissingPerMille = Sometimes(random, 50, 600),
            NameStalePerMille = Sometimes(random, 50, 500),
            NameShowsHalves = random.OneIn(4),
            NameFailedPerMille = Sometimes(random, 50, 500),
            NameLateMsMax = Sometimes(random, 10, 3_000),
            CutEveryMs = Sometimes(random, 200, 6_000),
            CrashEveryMs = Sometimes(random, 300, 10_000),
            WipeEveryMs = Sometimes(random, 500, 15_000),
            FaultyMs = (int)random.Between(1_000, 15_000),
        };
        return mayChange ? faults : faults with { Spares = 0, WipeEveryMs = 0 };
    }

    private static int Sometimes(RandomStream random, int least, int most) => random.OneIn(2) ? 0 : (int)random.Between(least, most);
}
