using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Simulation.Tests.Network;

public sealed class SimulatedNetworkTests
{
    private static readonly NodeId One = new(1);
    private static readonly NodeId Two = new(2);
    private static readonly NodeId Three = new(3);
    private readonly EventHeap _events = new(seed: 3);
    private readonly List<(NodeId From, NodeId To, PeerChannel Channel, int Mark, long AtUs)> _arrived = [];
    private readonly SimulatedNetwork _network;

    public SimulatedNetworkTests() => _network = new SimulatedNetwork(
        _events, new RandomStream(3, "network"), (from, to, channel, frame) => _arrived.Add((from, to, channel, frame[0], _events.NowUs)));

    [Fact]
    public void Obstacle_WhileItStands_StopsItsDirectionsAndNoOther()
    {
        Obstacle obstacle = new([(One, Two)]);
        _network.Raise(obstacle);
        Send(One, Two, 1);
        Send(Two, One, 2);
        Send(One, Three, 3);
        Run();
        Assert.Equal([2, 3], Marks().Order());
        Assert.Equal(1, _network.Counts.Cut);

        _network.Clear(obstacle);
        Send(One, Two, 4);
        Run();
        Assert.Contains(4, Marks());
    }

    [Fact]
    public void TwoObstaclesInOneDirection_OneIsCleared_TheOtherStillStands()
    {
        Obstacle one = Obstacle.Between([One], [Two, Three]);
        Obstacle other = Obstacle.Between([Two], [One]);
        _network.Raise(one);
        _network.Raise(one);
        _network.Raise(other);
        _network.Clear(one);
        _network.Clear(one);
        Assert.True(_network.IsCut(One, Two));
        Assert.True(_network.IsCut(Two, One));
        Assert.False(_network.IsCut(One, Three));

        _network.Heal();
        _network.Clear(other);
        Assert.False(_network.IsCut(One, Two));
        _network.Raise(other);
        Assert.True(_network.IsCut(One, Two));
    }

    [Fact]
    public void HalfOpenConnection_UntilItIsMadeAnew_SwallowsWhatIsSentAndSaysNothing()
    {
        _network.HalfOpen(One, Two);
        Assert.True(Send(One, Two, 1));
        Send(Two, One, 2);
        Run();
        Assert.Equal([2], Marks());

        _network.Reconnect(One, Two);
        Send(One, Two, 3);
        Run();
        Assert.Equal([2, 3], Marks());

        _network.HalfOpen(One, Two);
        _network.Restarted(Two);
        Send(One, Two, 4);
        Run();
        Assert.Equal([2, 3, 4], Marks());
        Assert.Equal(1, _network.Counts.Vanished);
    }

    [Fact]
    public void NarrowLink_FullOfOneKindOfFrame_DelaysNoneOfAnother()
    {
        _network.Narrow(One, Two, bytesPerSecond: 1000);
        int taken = 0;
        while (taken < 1000 && Send(One, Two, 1, PeerChannel.Bulk, lengthBytes: 500))
        {
            taken++;
        }

        // A queue of two seconds, and the frame that fills it.
        Assert.InRange(taken, 4, 6);
        Assert.True(Send(One, Two, 2));
        Run();
        Assert.InRange(_arrived.Single(one => one.Mark == 2).AtUs, 1, 510_000);
        Assert.InRange(_arrived.Max(one => one.AtUs), 2_000_000, 3_100_000);
        Assert.Equal(1, _network.Counts.Refused);
    }

    [Fact]
    public void OrderedNetwork_FramesOfOneConnection_ArriveInTheOrderInWhichTheyWereSent()
    {
        _network.Faults = new NetworkFaults(LossPerMille: 100, ReplayPerMille: 0, DelayUsMax: 50_000, SlowPerMille: 50, IsOrdered: true);
        for (int mark = 0; mark < 200; mark++)
        {
            Send(One, Two, mark);
        }

        Run();
        Assert.Equal(Marks().Order(), Marks());
        Assert.InRange(_arrived.Count, 150, 199);
        Assert.Equal(_arrived.Count, 200 - _network.Counts.Lost);
        Assert.Equal(0, _network.Counts.Overtook);
    }

    [Fact]
    public void OrderedNetwork_ConnectionsMadeAnew_OvertakeWhatIsOnItsWay()
    {
        _network.Faults = new NetworkFaults(LossPerMille: 0, ReplayPerMille: 0, DelayUsMax: 50_000, SlowPerMille: 0, IsOrdered: true);
        for (int mark = 0; mark < 100; mark++)
        {
            Send(One, Two, mark);
            _network.Reconnect(One, Two);
        }

        Run();
        Assert.Equal(100, _arrived.Count);
        Assert.NotEqual(Marks().Order(), Marks());
        Assert.True(_network.Counts.Overtook > 0);
    }

    [Fact]
    public void Replay_OfHalfOfTheFrames_BringsAboutHalfOfThemTwice()
    {
        _network.Faults = new NetworkFaults(LossPerMille: 0, ReplayPerMille: 500, DelayUsMax: 1000, SlowPerMille: 0);
        for (int mark = 0; mark < 200; mark++)
        {
            Send(One, Two, mark);
        }

        Run();
        Assert.Equal(200 + _network.Counts.Replayed, _arrived.Count);
        Assert.InRange(_network.Counts.Replayed, 60, 140);
    }

    private IEnumerable<int> Marks() => _arrived.Select(one => one.Mark);

    private bool Send(NodeId from, NodeId to, int mark, PeerChannel channel = PeerChannel.Control, int lengthBytes = 20)
    {
        byte[] head = new byte[lengthBytes];
        head[0] = (byte)mark;
        return _network.Send(from, to, channel, new PeerFrame(head, []));
    }

    private void Run()
    {
        while (_events.Step())
        {
        }
    }
}
