namespace RaftStore.Raft;

/// <summary>The core's own source of random numbers (SplitMix64): the same seed gives the same numbers on every machine and in
/// every version, which a replayed simulation depends on.</summary>
internal sealed class Prng(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15UL;
            ulong mixed = _state;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
            return mixed ^ (mixed >> 31);
        }
    }

    /// <summary>A number from <paramref name="lowest"/> to <paramref name="highest"/>, both included.</summary>
    public int NextBetween(int lowest, int highest)
    {
        Invariant.Check(lowest <= highest, $"no number lies between {lowest} and {highest}");
        ulong range = (ulong)((long)highest - lowest) + 1;

        // The high half of a 32 × 64 bit product: no division, and a bias below 2⁻³² that no election can notice.
        ulong scaled = ((Next() >> 32) * range) >> 32;
        return (int)(lowest + (long)scaled);
    }
}
