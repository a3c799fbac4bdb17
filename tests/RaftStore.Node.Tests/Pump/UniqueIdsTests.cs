using RaftStore.Node.Codec;
using RaftStore.Node.Pump;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Pump;

public sealed class UniqueIdsTests
{
    [Fact]
    public void Next_InOneRun_CountsUp()
    {
        UniqueIds ids = Make(seed: 1, nowMs: 5, term: 3);

        ulong first = ids.Next();
        Assert.Equal(first + 1, ids.Next(10));
        Assert.Equal(first + 11, ids.Next());
    }

    [Fact]
    public void Next_OfOtherRuns_NeverMeets()
    {
        HashSet<ulong> firsts = [];
        for (ulong seed = 0; seed < 10; seed++)
        {
            for (long now = 0; now < 10; now++)
            {
                for (long term = 0; term < 10; term++)
                {
                    Assert.True(firsts.Add(Make(seed, now, term).Next() >> 32));
                }
            }
        }
    }

    [Fact]
    public void Next_OfTwoNodesWithOneSeed_Differs()
        => Assert.NotEqual(Make(seed: 1, nowMs: 5, term: 3, id: 1).Next(), Make(seed: 1, nowMs: 5, term: 3, id: 2).Next());

    [Fact]
    public void Next_WhenTheCountIsUsedUp_DrawsAnotherRun()
    {
        UniqueIds ids = Make(seed: 1, nowMs: 5, term: 3);
        ulong run = ids.Next(int.MaxValue) >> 32;
        Assert.Equal(run, ids.Next(int.MaxValue) >> 32);

        Assert.NotEqual(run, ids.Next(int.MaxValue) >> 32);
    }

    [Fact]
    public void Next_Always_IsANumberThatTheGateBelieves()
    {
        for (ulong seed = 0; seed < 1000; seed++)
        {
            Assert.InRange(Make(seed, 0, 0).Next(int.MaxValue) + int.MaxValue, 0UL, (ulong)FrameReader.NumberMax);
        }
    }

    private static UniqueIds Make(ulong seed, long nowMs, long term, uint id = 1)
    {
        NodeId self = new(id);
        Configuration members = new([new Member(self, "n", "p:1", "")]);
        return new UniqueIds(new RaftOptions { Id = self, Seed = seed }, new RaftInitialState { Configuration = members, NowMs = nowMs, HardState = new HardState(term, NodeId.None) });
    }
}
