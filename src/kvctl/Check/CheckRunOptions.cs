namespace RaftStore.Kvctl.Check;

/// <summary>What is done to the nodes.</summary>
internal enum FaultKind
{
    /// <summary>A node ends at once and is started again.</summary>
    Kill,

    /// <summary>A node is frozen and goes on.</summary>
    Pause,

    /// <summary>Two groups of nodes do not hear each other.</summary>
    Partition,

    /// <summary>One node does not hear another, which hears it.</summary>
    OneWay,

    /// <summary>Everything that a node sends and hears is late.</summary>
    Delay,

    /// <summary>A node's log does not get on disk for a while.</summary>
    Stall,
}

/// <summary>How a check is run.</summary>
internal sealed record CheckRunOptions
{
    /// <summary>Nothing is sent beyond this many operations: the history is held in memory, about 300 bytes each.</summary>
    public const int OperationsMax = 4_000_000;

    /// <summary>How long clients are driven.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>What is done to the nodes meanwhile; empty for nothing.</summary>
    public required IReadOnlyList<FaultKind> Faults { get; init; }

    /// <summary>Decides what is drawn. Times are the machine's, so it does not replay a run.</summary>
    public required int Seed { get; init; }

    /// <summary>Clients with one request under way each.</summary>
    public required int Clients { get; init; }

    /// <summary>Keys that are written over and over.</summary>
    public required int Keys { get; init; }

    /// <summary>Requests a second over all clients at most; 0 for as many as there are answers.</summary>
    public required int Rate { get; init; }

    /// <summary>After this time a client gives a request up; a write is then of unknown outcome.</summary>
    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>Where the page goes.</summary>
    public required string ReportPath { get; init; }

    /// <summary>The script that kills, starts, pauses and resumes nodes; null where none is needed.</summary>
    public string? ScriptPath { get; init; }

    /// <summary>Leaves the keys that it wrote.</summary>
    public bool KeepsKeys { get; init; }

    /// <summary>What every key of this run begins with.</summary>
    public required string Prefix { get; init; }

    /// <summary>The command line, for the report.</summary>
    public required string CommandLine { get; init; }

    /// <summary>Whether it needs the nodes' own fault injection.</summary>
    public bool NeedsFaultInjection => Faults.Any(fault => fault is not (FaultKind.Kill or FaultKind.Pause));

    /// <summary>Whether it needs the script.</summary>
    public bool NeedsScript => Faults.Any(fault => fault is FaultKind.Kill or FaultKind.Pause);
}

/// <summary>A node that is driven.</summary>
/// <param name="Name">Its name among the members.</param>
/// <param name="Endpoint">Where it serves clients.</param>
/// <param name="IsLearner">It has no vote.</param>
internal sealed record CheckNode(string Name, Uri Endpoint, bool IsLearner = false);

/// <summary>A member that nobody can be sent to, because its client address is not known.</summary>
/// <param name="Name">Its name among the members.</param>
/// <param name="IsLearner">It has no vote.</param>
internal sealed record CheckLeftOut(string Name, bool IsLearner)
{
    /// <summary>What is told about it.</summary>
    public string Words => $"{Name}{(IsLearner ? ", a learner," : string.Empty)} is left out: its client address is not known, so it is sent nothing and its state is not compared";
}

/// <summary>Who belongs to the cluster.</summary>
/// <param name="Nodes">Those that are driven; at least one.</param>
/// <param name="LeftOut">Those that cannot be.</param>
internal sealed record CheckMembers(IReadOnlyList<CheckNode> Nodes, IReadOnlyList<CheckLeftOut> LeftOut);

/// <summary>A fault and when it was there, in microseconds of the run.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="What">In words, such as «n1 | n2, n3».</param>
/// <param name="FromUs">When it began.</param>
/// <param name="ToUs">When it was over.</param>
internal sealed record FaultSpan(FaultKind Kind, string What, long FromUs, long ToUs);
