namespace RaftStore.Simulation;

/// <summary>A stream of pseudo-random numbers that depends on a seed and a name alone, so that one subsystem's draws never
/// shift another's. SplitMix64 (Steele, Lea and Flood, «Fast splittable pseudorandom number generators», OOPSLA 2014).</summary>
public sealed class RandomStream
{
    private ulong _state;

    /// <summary>The stream that belongs to <paramref name="name"/> in the run of <paramref name="seed"/>.</summary>
    public RandomStream(ulong seed, string name)
    {
        _state = seed;
        foreach (char letter in name)
        {
            _state = Mix(_state ^ letter);
        }
    }

    /// <summary>The next 64 bits.</summary>
    public ulong NextBits()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15UL;
        }

        return Mix(_state);
    }

    /// <summary>A number from 0 to <paramref name="endExclusive"/> − 1.</summary>
    public int Below(int endExclusive) => (int)(NextBits() % (ulong)endExclusive);

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>, both included.</summary>
    public long Between(long least, long most) => least + (long)(NextBits() % (ulong)(most - least + 1));

    /// <summary>True once in <paramref name="oneIn"/> draws on average; never where it is 0.</summary>
    public bool OneIn(int oneIn) => oneIn > 0 && Below(oneIn) == 0;

    /// <summary>True with a probability in parts per thousand.</summary>
    public bool PerMille(int parts) => Below(1000) < parts;

    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
            return value ^ (value >> 31);
        }
    }
}
