using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>Numbers that are never used twice, not even by a later run of this node: a late answer to the run before must not
/// be taken for one to this. The upper half is drawn for the run, the lower counts.</summary>
internal sealed class UniqueIds
{
    private readonly ulong _run;
    private uint _next;

    /// <summary>Draws the run's half from everything that sets this run apart.</summary>
    public UniqueIds(RaftOptions options, RaftInitialState initial)
    {
        ulong mixed = Mix(options.Seed);
        mixed = Mix(mixed ^ (ulong)initial.NowMs);
        mixed = Mix(mixed ^ (ulong)initial.HardState.Term);
        mixed = Mix(mixed ^ options.Id.Value);

        // 30 bits, so that the whole stays a positive number that the gate believes.
        _run = (mixed & 0x3FFF_FFFF) << 32;
    }

    /// <summary>The next number.</summary>
    public ulong Next() => Next(1);

    /// <summary>The first of <paramref name="count"/> numbers that follow each other.</summary>
    /// <exception cref="RaftInvariantException">Four thousand million are used up: the node must be restarted.</exception>
    public ulong Next(int count)
    {
        Invariant.Check(_next <= uint.MaxValue - (uint)count, $"{_next} ids are used up in one run");
        ulong first = _run | _next;
        _next += (uint)count;
        return first;
    }

    // The finaliser of SplitMix64: every bit of the input reaches every bit of the output.
    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value += 0x9E3779B97F4A7C15;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }
}
