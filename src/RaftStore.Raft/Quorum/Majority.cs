namespace RaftStore.Raft;

/// <summary>The arithmetic of majorities: pure functions over what the voters said.</summary>
internal static class Majority
{
    /// <summary>The least number of <paramref name="voters"/> that is more than half of them: any two such groups share one
    /// voter, for even numbers too.</summary>
    public static int Of(int voters)
    {
        Invariant.Check(voters > 0, $"a majority of {voters} voters");
        return (voters / 2) + 1;
    }

    /// <summary>The highest value that a majority has reached, where each voter has reached all values up to its own
    /// (Figure 2: «a majority of matchIndex[i] ≥ N»). Changes the order of <paramref name="values"/>.</summary>
    public static long Reached(Span<long> values)
    {
        // Clusters are small: an insertion sort of a handful of numbers beats anything more general.
        for (int i = 1; i < values.Length; i++)
        {
            long value = values[i];
            int place = i;
            while (place > 0 && values[place - 1] < value)
            {
                values[place] = values[place - 1];
                place--;
            }

            values[place] = value;
        }

        return values[Of(values.Length) - 1];
    }
}
