namespace RaftStore.Kvctl.Bench;

/// <summary>One benchmark as asked for.</summary>
internal sealed record BenchOptions
{
    public required BenchWorkload Workload { get; init; }

    public required BenchTarget Target { get; init; }

    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>The numbers of clients to run with, one run after the other.</summary>
    public required IReadOnlyList<int> Clients { get; init; }

    public required TimeSpan Duration { get; init; }

    public required TimeSpan Warmup { get; init; }

    public required int ValueBytes { get; init; }

    /// <summary>How many keys are drawn from, uniformly; 0 gives every write a key of its own.</summary>
    public required long Keys { get; init; }

    /// <summary>Of a mixed workload, how many in a hundred requests read.</summary>
    public required int ReadPercent { get; init; }

    /// <summary>Whether the keys are there already.</summary>
    public required bool SkipsPreload { get; init; }

    public required int Seed { get; init; }

    /// <summary>How many threads drive the connections.</summary>
    public required int Threads { get; init; }

    /// <summary>The server processes on this machine whose CPU time is to be counted.</summary>
    public required IReadOnlyList<int> Pids { get; init; }

    public bool Reads => Workload != BenchWorkload.Put;
}
