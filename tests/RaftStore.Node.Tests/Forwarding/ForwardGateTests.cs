using RaftStore.Node.Forwarding;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Forwarding;

public sealed class ForwardGateTests
{
    private const ulong Run = 5UL << 32;
    private static readonly NodeId Peer = new(2);

    [Fact]
    public void Judge_SameIdAgain_IsStopped()
    {
        ForwardGate gate = Leading(1);

        Assert.Equal(ForwardVerdict.New, gate.Judge(1, Peer, Run + 7));
        Assert.Equal(ForwardVerdict.PerhapsSeen, gate.Judge(1, Peer, Run + 7));
    }

    [Fact]
    public void Judge_OvertakenId_PassesOnce()
    {
        ForwardGate gate = Leading(1);

        Assert.Equal(ForwardVerdict.New, gate.Judge(1, Peer, Run + 100));
        Assert.Equal(ForwardVerdict.New, gate.Judge(1, Peer, Run + 3));
        Assert.Equal(ForwardVerdict.PerhapsSeen, gate.Judge(1, Peer, Run + 3));
    }

    [Fact]
    public void Judge_SameNumberOfAnotherSenderOrRun_Passes()
    {
        ForwardGate gate = Leading(1);

        Assert.Equal(ForwardVerdict.New, gate.Judge(1, Peer, Run + 7));
        Assert.Equal(ForwardVerdict.New, gate.Judge(1, new NodeId(3), Run + 7));
        Assert.Equal(ForwardVerdict.New, gate.Judge(1, Peer, Run + Run + 7));
        Assert.Equal(ForwardVerdict.PerhapsSeen, gate.Judge(1, Peer, Run + 7));
    }

    [Fact]
    public void Judge_IdTooOldToTell_IsStopped()
    {
        ForwardGate gate = Leading(1);

        Assert.Equal(ForwardVerdict.New, gate.Judge(1, Peer, Run + 200_000));
        Assert.Equal(ForwardVerdict.PerhapsSeen, gate.Judge(1, Peer, Run + 5));
        Assert.Equal(ForwardVerdict.New, gate.Judge(1, Peer, Run + 200_000 - 65_535));
    }

    [Fact]
    public void Judge_AtRandom_PassesEachIdOnceWithinItsWindow()
    {
        ForwardGate gate = Leading(1);
        Random random = new(5);
        HashSet<ulong> seen = [];
        ulong newest = 0;
        for (int round = 0; round < 100_000; round++)
        {
            ulong id = (ulong)Math.Max(0, (long)newest + random.Next(-30_000, 40));
            newest = Math.Max(newest, id);
            Assert.Equal(seen.Add(id), gate.Judge(1, Peer, Run + id) == ForwardVerdict.New);
        }
    }

    [Fact]
    public void Judge_OfATermThatThisRunNeverLed_ClaimsNothing()
    {
        ForwardGate gate = Leading(5);

        Assert.Equal(ForwardVerdict.PerhapsSeen, gate.Judge(4, Peer, Run + 1));
        Assert.Equal(ForwardVerdict.PerhapsSeen, gate.Judge(6, Peer, Run + 1));
    }

    [Fact]
    public void Judge_OfATermLedBefore_StillKnowsWhatCame()
    {
        ForwardGate gate = Leading(5);
        Assert.Equal(ForwardVerdict.New, gate.Judge(5, Peer, Run + 1));
        gate.Lead(7);

        Assert.Equal(ForwardVerdict.PerhapsSeen, gate.Judge(5, Peer, Run + 1));
        Assert.Equal(ForwardVerdict.New, gate.Judge(5, Peer, Run + 2));
        Assert.Equal(ForwardVerdict.PerhapsSeen, gate.Judge(5, Peer, Run + 2));
    }

    [Fact]
    public void Judge_OfATermLedLongAgo_ClaimsNothing()
    {
        ForwardGate gate = Leading(1);
        for (long term = 2; term <= 5; term++)
        {
            gate.Lead(term);
        }

        Assert.Equal(ForwardVerdict.PerhapsSeen, gate.Judge(1, Peer, Run + 1));
        Assert.Equal(ForwardVerdict.New, gate.Judge(2, Peer, Run + 1));
    }

    private static ForwardGate Leading(long term)
    {
        ForwardGate gate = new();
        gate.Lead(term);
        return gate;
    }
}
