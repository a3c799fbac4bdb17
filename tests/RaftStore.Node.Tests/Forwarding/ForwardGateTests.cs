using RaftStore.Node.Forwarding;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Forwarding;

public sealed class ForwardGateTests
{
    private const ulong Run = 5UL << 32;
    private static readonly NodeId Peer = new(2);

    [Fact]
    public void TryPass_SameIdAgain_IsStopped()
    {
        ForwardGate gate = new();

        Assert.True(gate.TryPass(1, Peer, Run + 7));
        Assert.False(gate.TryPass(1, Peer, Run + 7));
    }

    [Fact]
    public void TryPass_OvertakenId_PassesOnce()
    {
        ForwardGate gate = new();

        Assert.True(gate.TryPass(1, Peer, Run + 100));
        Assert.True(gate.TryPass(1, Peer, Run + 3));
        Assert.False(gate.TryPass(1, Peer, Run + 3));
    }

    [Fact]
    public void TryPass_SameNumberOfAnotherSenderOrRun_Passes()
    {
        ForwardGate gate = new();

        Assert.True(gate.TryPass(1, Peer, Run + 7));
        Assert.True(gate.TryPass(1, new NodeId(3), Run + 7));
        Assert.True(gate.TryPass(1, Peer, Run + Run + 7));
        Assert.False(gate.TryPass(1, Peer, Run + 7));
    }

    [Fact]
    public void TryPass_IdTooOldToTell_IsStopped()
    {
        ForwardGate gate = new();

        Assert.True(gate.TryPass(1, Peer, Run + 200_000));
        Assert.False(gate.TryPass(1, Peer, Run + 5));
        Assert.True(gate.TryPass(1, Peer, Run + 200_000 - 65_535));
    }

    [Fact]
    public void TryPass_AtRandom_PassesEachIdOnceWithinItsWindow()
    {
        ForwardGate gate = new();
        Random random = new(5);
        HashSet<ulong> seen = [];
        ulong newest = 0;
        for (int round = 0; round < 100_000; round++)
        {
            ulong id = (ulong)Math.Max(0, (long)newest + random.Next(-30_000, 40));
            newest = Math.Max(newest, id);
            Assert.Equal(seen.Add(id), gate.TryPass(1, Peer, Run + id));
        }
    }
}
