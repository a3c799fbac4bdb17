namespace RaftStore.Simulation;

/// <summary>Which faults a run has and how strong they are. Drawn from the seed, each fault on or off by itself: a run with
/// few strong faults finds what a run with all of them hides («swarm testing», Groce et al., ISSTA 2012).</summary>
public sealed record FaultProfile
{
    /// <summary>Machines in the cluster.</summary>
    public required int Machines { get; init; }

    /// <summary>The network's ordinary behaviour.</summary>
    public required NetworkFaults Network { get; init; }

    /// <summary>Mean time between troubles of single links, in milliseconds; 0 for none.</summary>
    public required int PartitionEveryMs { get; init; }

    /// <summary>What these are.</summary>
    public required NetworkTroubles Troubles { get; init; }

    /// <summary>Mean time between crashes, in milliseconds; 0 for none.</summary>
    public required int CrashEveryMs { get; init; }

    /// <summary>Mean time between pauses of a process, in milliseconds; 0 for none.</summary>
    public required int PauseEveryMs { get; init; }

    /// <summary>Mean time between disk failures, in milliseconds; 0 for none.</summary>
    public required int DiskErrorEveryMs { get; init; }

    /// <summary>Mean time between times in which a disk has little room left, or none, in milliseconds; 0 for none.</summary>
    public int DiskFullEveryMs { get; init; }

    /// <summary>Mean time between damages of a disk at rest, of which the machine may be lost, in milliseconds; 0 for none. Only where no machine's
    /// state is meddled with.</summary>
    public int DamageEveryMs { get; init; }

    /// <summary>Log writes in a thousand that hang for up to three seconds.</summary>
    public required int DiskStallPerMille { get; init; }

    /// <summary>How far a machine's clock may run fast or slow, in per cent.</summary>
    public required int DriftPercentMax { get; init; }

    /// <summary>Bytes of log that make a snapshot due; small, so that runs have some.</summary>
    public required long SnapshotLogBytes { get; init; }

    /// <summary>Bytes of applied entries that a leader keeps for laggards.</summary>
    public required long CatchUpBytes { get; init; }

    /// <summary>Mean time between two errands of an operator who changes the membership, in milliseconds; 0 for none.</summary>
    public required int MembershipEveryMs { get; init; }

    /// <summary>Mean time between losses of a whole disk, in milliseconds; 0 for none. Only where the membership changes.</summary>
    public required int WipeEveryMs { get; init; }

    /// <summary>Whether one machine is made to believe that its state is wrong. Only where the membership stays, and enough others may lead.</summary>
    public required bool DeceivesOne { get; init; }

    /// <summary>Whether the state of one machine is made wrong. As for <see cref="DeceivesOne"/>, and never in the same run.</summary>
    public required bool ForgesState { get; init; }

    /// <summary>Operations that all clients together begin in a virtual second; 0 where each waits for a drawn time after its last answer.</summary>
    public int OperationsPerSecond { get; init; }

    /// <summary>How the founders find each other, and what hinders them; null where they know each other from the beginning.</summary>
    public DiscoveryFaults? Discovery { get; init; }

    /// <summary>The profile of a seed.</summary>
    public static FaultProfile Draw(ulong seed)
    {
        RandomStream random = new(seed, "fault profile");
        RandomStream network = new(seed, "network profile");
        int[] sizes = [3, 3, 3, 3, 5, 5, 1, 2, 4];
        FaultProfile profile = new()
        {
            Machines = sizes[random.Below(sizes.Length)],
            Network = new NetworkFaults(
                LossPerMille: Sometimes(random, 300),
                ReplayPerMille: Sometimes(random, 500),
                DelayUsMax: random.OneIn(2) ? 300 : random.Between(300, 60_000),
                SlowPerMille: Sometimes(random, 50),
                IsOrdered: network.OneIn(2)),
            Troubles = (NetworkTroubles)network.Between(1, (2 * (int)NetworkTroubles.Reconnect) - 1),
            PartitionEveryMs = Sometimes(random, 500, 5_000),
            CrashEveryMs = Sometimes(random, 700, 8_000),
            PauseEveryMs = Sometimes(random, 1_000, 8_000),
            DiskErrorEveryMs = Sometimes(random, 2_000, 10_000),
            DiskStallPerMille = Sometimes(random, 20),
            DriftPercentMax = Sometimes(random, 20),
            SnapshotLogBytes = random.OneIn(3) ? 1 << 20 : random.Between(4 << 10, 64 << 10),
            CatchUpBytes = random.OneIn(3) ? 1 << 20 : random.Between(1 << 10, 32 << 10),
            MembershipEveryMs = random.OneIn(4) ? 0 : (int)random.Between(200, 2_000),
            WipeEveryMs = Sometimes(random, 2_000, 8_000),
            DeceivesOne = random.OneIn(2),
            ForgesState = false,
        };
        bool isQuiet = profile.MembershipEveryMs == 0 && profile.Machines >= 3;
        RandomStream disks = new(seed, "fault profile of disks");
        return profile with
        {
            DeceivesOne = profile.DeceivesOne && isQuiet,
            ForgesState = !profile.DeceivesOne && isQuiet,
            DiskFullEveryMs = Sometimes(disks, 1_000, 6_000),
            Discovery = DiscoveryFaults.Draw(seed, mayChange: profile.MembershipEveryMs > 0),
            DamageEveryMs = isQuiet ? 0 : Sometimes(disks, 2_000, 10_000),
        };
    }

    private static int Sometimes(RandomStream random, int most) => random.OneIn(2) ? 0 : (int)random.Between(1, most);

    private static int Sometimes(RandomStream random, int least, int most) => random.OneIn(2) ? 0 : (int)random.Between(least, most);
}
