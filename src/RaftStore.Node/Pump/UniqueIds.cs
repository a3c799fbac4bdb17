using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>Numbers that are never used twice, not even by a later run of this node: a late answer to the run before must not
/// be taken for one to this. The upper half is drawn
/// for the run, and anew when the lower, which counts, is used up.</summary>
internal sealed class UniqueIds
{
    private ulong _drawn;
    private ulong _run;
    private uint _next;

    /// <summary>Draws the run's half from everything that sets this run apart.</summary>
    public UniqueIds(RaftOptions options, RaftInitialState initial)
    {
        _drawn = Mix(options.Seed);
        _drawn = Mix(_drawn ^ (ulong)initial.NowMs);
        _drawn = Mix(_drawn ^ (ulong)initial.HardState.Term);
        _drawn = Mix(_drawn ^ options.Id.Value);
        DrawRun();
    }

    /// <summary>The next number.</summary>
    public ulong Next() => Next(1);

    /// <summary>The first of <paramref name="count"/> numbers that follow each other.</summary>
    public ulong Next(int count)
    {
        if (_next > uint.MaxValue - (uint)count)
        {
            DrawRun();
        }

        ulong first = _run | _next;
        _next += (uint)count;
        return first;
    }

    // 30 bits, so that the whole stays a positive number that the gate believes.
    private void DrawRun()
    {
        _drawn = Mix(_drawn);
        _run = (_drawn & 0x3FFF_FFFF) << 32;
        _next = 0;
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
