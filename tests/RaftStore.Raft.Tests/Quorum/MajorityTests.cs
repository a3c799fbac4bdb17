namespace RaftStore.Raft.Tests.Quorum;

public sealed class MajorityTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(5, 3)]
    [InlineData(6, 4)]
    [InlineData(7, 4)]
    public void Of_NumberOfVoters_IsMoreThanHalf(int voters, int expected) => Assert.Equal(expected, Majority.Of(voters));

    // Any two majorities share a voter: what all of Raft rests on.
    [Fact]
    public void Of_AnyTwoMajorities_Overlap()
    {
        for (int voters = 1; voters <= 100; voters++)
        {
            Assert.True(2 * Majority.Of(voters) > voters);
            Assert.True(2 * (Majority.Of(voters) - 1) <= voters);
        }
    }

    // Every assignment of the values 0…4 to up to 5 voters, of 0…2 to 7, against the definition itself.
    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 4)]
    [InlineData(3, 4)]
    [InlineData(4, 4)]
    [InlineData(5, 4)]
    [InlineData(6, 3)]
    [InlineData(7, 2)]
    public void Reached_EveryAssignment_AgreesWithTheNaiveTwin(int voters, int highest)
    {
        var values = new long[voters];
        do
        {
            long[] copy = [.. values];
            Assert.Equal(NaiveReached(values), Majority.Reached(copy));
            Assert.Equal(values.Order(), copy.Order());
        }
        while (Next(values, highest));
    }

    [Fact]
    public void Reached_RandomLargeValues_AgreesWithTheNaiveTwin()
    {
        var prng = new Prng(7);
        for (int round = 0; round < 2000; round++)
        {
            var values = new long[prng.NextBetween(1, 15)];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (long)(prng.Next() >> prng.NextBetween(1, 63)) - 1;
            }

            Assert.Equal(NaiveReached(values), Majority.Reached([.. values]));
        }
    }

    [Fact]
    public void Tally_EveryOrderOfAnswers_IsWonExactlyWhenMoreThanHalfGranted()
    {
        for (int size = 1; size <= 7; size++)
        {
            NodeId[] voters = [.. Enumerable.Range(1, size).Select(i => new NodeId((uint)i))];
            for (int granted = 0; granted < 1 << size; granted++)
            {
                var tally = new Tally(new Configuration(voters.Select(id => new Member(id, $"n{id}", "", ""))));
                for (int i = 0; i < size; i++)
                {
                    bool grants = (granted & (1 << i)) != 0;
                    tally.Answered(voters[i], grants);
                    tally.Answered(voters[i], grants);
                    Assert.True(tally.HasAnswered(voters[i]));
                }

                Assert.Equal(2 * System.Numerics.BitOperations.PopCount((uint)granted) > size, tally.IsWon);
            }
        }
    }

    // The definition: the highest value that more than half have at least.
    private static long NaiveReached(long[] values)
        => values.Where(candidate => 2 * values.Count(value => value >= candidate) > values.Length).Max();

    private static bool Next(long[] values, int highest)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] < highest)
            {
                values[i]++;
                return true;
            }

            values[i] = 0;
        }

        return false;
    }
}
