using RaftStore.Node.Formation;
using RaftStore.Raft;
using RaftStore.Storage;
using Machine = RaftStore.Node.Tests.Formation.FormationWorld.Machine;

namespace RaftStore.Node.Tests.Formation;

public sealed class FormationProtocolTests
{
    [Fact]
    public void Founder_Alone_FormsAtOnce()
    {
        FormationWorld world = new(founders: 1, seed: 1);
        Machine only = world.Machines[0];
        world.Start(only);

        world.FinishWrite(only);
        Assert.Equal(FormationState.Forming, only.Disk!.State);
        world.FinishWrite(only);

        FormationStep step = only.Protocol!.Next();
        Assert.Equal(FormationAction.Formed, step.Action);
        Assert.Equal(new NodeId(1), step.Identity!.Node);
        Assert.NotEqual(ClusterId.None, step.Identity.Cluster);
    }

    [Theory]
    [MemberData(nameof(OrdersOfThree))]
    public void Founders_StartedInAnyOrder_FormOneCluster(int first, int second, int third)
    {
        FormationWorld world = new(founders: 3, seed: 2);
        foreach (int place in new[] { first, second, third })
        {
            Assert.Empty(world.EverFormed);
            world.Start(world.Machines[place]);
            Rounds(world, 5);
        }

        AssertAllFormedTogether(world);
        Assert.Equal([1u, 2u, 3u], world.Machines.Select(machine => machine.Disk!.Node.Value));
    }

    public static TheoryData<int, int, int> OrdersOfThree => new() { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

    [Fact]
    public void Founders_WithOneMissing_WriteNothingAndNameIt()
    {
        FormationWorld world = new(founders: 3, seed: 3);
        world.Start(world["n1"]);
        world.Start(world["n2"]);
        Rounds(world, 10);

        Assert.All(world.Machines, machine => Assert.Null(machine.Disk));
        world["n1"].Protocol!.NoteTrouble("n3", "connection refused");
        Assert.Equal("waiting to meet n3 (host3:7500: connection refused)", world["n1"].Report);
        Assert.Equal("waiting to meet n3 (host3:7500)", world["n2"].Report);
    }

    [Fact]
    public void Founders_OfWhichTwoNeverMet_WriteNothingAndSayWhich()
    {
        FormationWorld world = new(founders: 3, seed: 4);
        StartAll(world);
        for (int i = 0; i < 10; i++)
        {
            foreach ((string one, string other) in new[] { ("n1", "n2"), ("n1", "n3") })
            {
                world.Deliver(world[one].Protocol!.StatusFor(other));
                world.Deliver(world[other].Protocol!.StatusFor(one));
                world.FinishWrite(world["n1"]);
            }
        }

        Assert.All(world.Machines, machine => Assert.Null(machine.Disk));
        Assert.Equal("waiting for n2 to meet n3 (host3:7500)", world["n1"].Report);
    }

    [Theory]
    [InlineData("n2=host2:9999", "n1 lists n2=host2:7500, but n2 lists n2=host2:9999")]
    [InlineData("n4=host4:7500", "n2 lists n4=host4:7500, which n1 does not list")]
    public void Founders_WithUnequalLists_WaitAndSayWhatDiffers(string change, string expected)
    {
        FormationWorld world = new(founders: 3, seed: 5);
        string[] parts = change.Split('=');
        world["n2"].List = FoundingList.Create(world.Founders.Voters
            .Where(member => member.Name != parts[0])
            .Select(member => (member.Name, member.PeerAddress))
            .Append((parts[0], parts[1])));
        StartAll(world);
        Rounds(world, 10);

        Assert.All(world.Machines, machine => Assert.Null(machine.Disk));
        Assert.Contains(expected, world["n1"].Report, StringComparison.Ordinal);

        world.Crash(world["n2"], writeReachedDisk: false);
        world.Start(world["n2"], world.Founders);
        Rounds(world, 10);
        AssertAllFormedTogether(world);
    }

    [Fact]
    public void Founder_NotOnTheOthersList_IsShownTheirList()
    {
        FormationWorld world = new(founders: 3, seed: 6);
        Configuration longer = FoundingList.Create([.. world.Founders.Voters.Select(member => (member.Name, member.PeerAddress)), ("n4", "host4:7500")]);
        FormationProtocol stranger = new("n4", longer, identity: null, world.Draw);
        world.Start(world["n1"]);

        stranger.Receive(world["n1"].Protocol!.AnswerFor(stranger.StatusFor("n1")), nowMs: 1);
        stranger.Receive(world["n1"].Protocol!.AnswerFor(stranger.StatusFor("n1")), nowMs: 2);

        Assert.Contains("n4 lists n4=host4:7500, which n1 does not list", stranger.Describe(nowMs: 2), StringComparison.Ordinal);
        Assert.Equal(FormationAction.Wait, stranger.Next().Action);
    }

    [Fact]
    public void EmptyFounder_MeetsFormedClusterWithItsName_Stops()
    {
        FormationWorld world = Formed(founders: 3, seed: 7);
        ClusterId cluster = world["n1"].Disk!.Cluster;
        FormationWorld.Wipe(world["n2"]);
        world.Start(world["n2"]);
        Rounds(world, 3);

        Assert.Null(world["n2"].Disk);
        Assert.Contains("is empty", world["n2"].StopReason, StringComparison.Ordinal);
        Assert.Contains($"cluster {cluster} already has a member named n2", world["n2"].StopReason, StringComparison.Ordinal);
        Assert.Contains("--join", world["n2"].StopReason, StringComparison.Ordinal);
    }

    [Fact]
    public void FormingFounder_MeetsFormedClusterOfAnotherIdWithItsName_Stops()
    {
        FormationWorld world = Formed(founders: 3, seed: 15);
        ClusterId formed = world["n1"].Disk!.Cluster;
        NodeIdentity unfinished = world["n3"].Disk! with { Cluster = new ClusterId(formed.Value ^ 1), State = FormationState.Forming };
        FormationWorld.Wipe(world["n3"]);
        world["n3"].Disk = unfinished;
        world.Start(world["n3"]);
        Rounds(world, 3);

        Assert.Equal(unfinished, world["n3"].Disk);
        Assert.Contains($"belongs to cluster {unfinished.Cluster}, which was never formed, but the formed cluster {formed}", world["n3"].StopReason, StringComparison.Ordinal);
    }

    [Fact]
    public void Founder_HearsAnEarlierStatusOfTheSameLifeAgain_KeepsTheLaterOne()
    {
        FormationWorld world = new(founders: 3, seed: 16);
        StartAll(world);
        Rounds(world, 1);
        FormationStatus earlier = world["n2"].Protocol!.StatusFor("n3") with { Met = [] };
        FormationStatus later = world["n2"].Protocol!.StatusFor("n3") with { Met = ["n1", "n3"] };
        Assert.True(world["n3"].Protocol!.Receive(later with { Cluster = new ClusterId(1) }, nowMs: 10));

        Assert.False(world["n3"].Protocol!.Receive(earlier, nowMs: 11));
        Assert.False(world["n3"].Protocol!.Receive(later, nowMs: 12));
    }

    [Fact]
    public void EmptyCoordinator_MeetsFormedClusterWithItsName_StopsRatherThanDrawAnew()
    {
        FormationWorld world = Formed(founders: 3, seed: 8);
        FormationWorld.Wipe(world["n1"]);
        world.Start(world["n1"]);
        Rounds(world, 3);

        Assert.NotNull(world["n1"].StopReason);
        Assert.Single(world.EverFormed);
    }

    [Fact]
    public void EmptyNode_MeetsFormedClusterWithoutItsName_Waits()
    {
        FormationWorld world = Formed(founders: 3, seed: 9);
        Configuration longer = FoundingList.Create([.. world.Founders.Voters.Select(member => (member.Name, member.PeerAddress)), ("n4", "host4:7500")]);
        FormationProtocol newcomer = new("n4", longer, identity: null, world.Draw);
        for (int i = 0; i < 3; i++)
        {
            newcomer.Receive(world["n1"].Protocol!.AnswerFor(newcomer.StatusFor("n1")), nowMs: i);
        }

        Assert.Equal(FormationAction.Wait, newcomer.Next().Action);
        Assert.Contains("belongs to the formed cluster", newcomer.Describe(nowMs: 3), StringComparison.Ordinal);
    }

    [Fact]
    public void Coordinator_WipedAfterOthersConfirmed_FormsAnewWithThem()
    {
        FormationWorld world = new(founders: 3, seed: 10);
        StartAll(world);
        RoundsUntil(world, () => world["n2"].Disk is not null && world["n3"].Disk is not null, stopBefore: machine => machine.Name == "n1" && machine.Disk is not null);
        ClusterId abandoned = world["n2"].Disk!.Cluster;
        Assert.Empty(world.EverFormed);

        FormationWorld.Wipe(world["n1"]);
        world.Start(world["n1"]);
        Rounds(world, 10);

        AssertAllFormedTogether(world);
        Assert.NotEqual(abandoned, world["n1"].Disk!.Cluster);
    }

    [Fact]
    public void FormingFounder_HearsLateProposalOfCoordinatorsFormerLife_KeepsTheNewOne()
    {
        FormationWorld world = new(founders: 3, seed: 11);
        StartAll(world);
        RoundsUntil(world, () => world["n2"].Disk is not null, stopBefore: machine => machine.Name == "n1" && machine.Disk is not null);
        FormationStatus late = world["n1"].Protocol!.StatusFor("n2");
        FormationStatus lateFormed = late with { IsFormed = true, Sequence = late.Sequence + 1 };
        FormationWorld.Wipe(world["n1"]);
        world.Start(world["n1"]);
        Rounds(world, 10);
        NodeIdentity identity = world["n2"].Disk!;
        Assert.NotEqual(late.Cluster, identity.Cluster);

        foreach (FormationStatus message in new[] { late, lateFormed, late })
        {
            world.Deliver(message);
            world.FinishWrite(world["n2"]);
        }

        Assert.Equal(identity, world["n2"].Disk);
    }

    [Theory]
    [InlineData("n1")]
    [InlineData("n2")]
    [InlineData("n3")]
    public void Founder_CrashingAtEachStep_DelaysFormationAndNothingElse(string name)
    {
        int steps = 0;
        while (true)
        {
            bool reached = false;
            foreach (bool writeReachedDisk in new[] { false, true })
            {
                FormationWorld world = new(founders: 3, seed: 12);
                StartAll(world);
                reached |= RunWithCrash(world, name, crashAt: steps, writeReachedDisk);
                Rounds(world, 12);
                AssertAllFormedTogether(world);
            }

            if (!reached)
            {
                break;
            }

            steps++;
        }

        Assert.True(steps > 10, $"only {steps} steps were interrupted");
    }

    [Fact]
    public void CoordinatorAlone_KnowsThatAllConfirmed_TellsTheOthersAfterItsRestart()
    {
        FormationWorld world = new(founders: 3, seed: 13);
        StartAll(world);
        RoundsUntil(world, () => world["n1"].IsFormed, stopBefore: _ => false);
        world.Crash(world["n1"], writeReachedDisk: true);
        foreach (string name in new[] { "n2", "n3" })
        {
            world.Crash(world[name], writeReachedDisk: false);
            world.Start(world[name]);
        }

        world.Start(world["n1"]);
        Rounds(world, 5);
        AssertAllFormedTogether(world);
    }

    [Fact]
    public void FormingFounders_StartedWithALongerList_DrawAnotherId()
    {
        FormationWorld world = new(founders: 4, seed: 14);
        Configuration shorter = FoundingList.Create(world.Founders.Voters.Take(3).Select(member => (member.Name, member.PeerAddress)));
        foreach (Machine machine in world.Machines.Take(3))
        {
            world.Start(machine, shorter);
        }

        RoundsUntil(world, () => world["n3"].Disk is not null, stopBefore: machine => machine.Name == "n1" && machine.Disk is not null);
        ClusterId abandoned = world["n1"].Disk!.Cluster;
        foreach (Machine machine in world.Machines)
        {
            world.Crash(machine, writeReachedDisk: false);
            world.Start(machine);
        }

        Rounds(world, 12);
        AssertAllFormedTogether(world);
        Assert.NotEqual(abandoned, world["n1"].Disk!.Cluster);
        Assert.Equal(4, world["n4"].Disk!.Founders.Voters.Length);
    }

    private static bool RunWithCrash(FormationWorld world, string name, int crashAt, bool writeReachedDisk)
    {
        int step = 0;
        for (int round = 0; round < 6; round++)
        {
            foreach (Machine from in world.Machines)
            {
                foreach (Machine to in world.Machines.Where(to => to != from))
                {
                    world.Deliver(from.Protocol!.StatusFor(to.Name));
                    if (step++ == crashAt)
                    {
                        world.Crash(world[name], writeReachedDisk);
                        world.Start(world[name]);
                        return true;
                    }

                    world.FinishWrite(to);
                    if (step++ == crashAt)
                    {
                        world.Crash(world[name], writeReachedDisk);
                        world.Start(world[name]);
                        return true;
                    }
                }
            }
        }

        return false;
    }

    private static FormationWorld Formed(int founders, int seed)
    {
        FormationWorld world = new(founders, seed);
        StartAll(world);
        Rounds(world, 10);
        AssertAllFormedTogether(world);
        return world;
    }

    private static void StartAll(FormationWorld world)
    {
        foreach (Machine machine in world.Machines)
        {
            world.Start(machine);
        }
    }

    private static void Rounds(FormationWorld world, int count)
    {
        for (int i = 0; i < count; i++)
        {
            world.Round();
        }
    }

    /// <summary>Goes on message by message until something holds; a machine that must not go on writes nothing more.</summary>
    private static void RoundsUntil(FormationWorld world, Func<bool> holds, Func<Machine, bool> stopBefore)
    {
        for (int round = 0; round < 20; round++)
        {
            foreach (Machine from in world.Machines.Where(from => from.IsUp))
            {
                foreach (Machine to in world.Machines.Where(to => to != from && to.IsUp))
                {
                    world.Deliver(from.Protocol!.StatusFor(to.Name));
                    if (!stopBefore(to))
                    {
                        world.FinishWrite(to);
                    }

                    if (holds())
                    {
                        return;
                    }
                }
            }
        }

        Assert.Fail("the state that the test needs was never reached");
    }

    private static void AssertAllFormedTogether(FormationWorld world)
    {
        Assert.All(world.Machines, machine => Assert.True(machine.IsFormed, $"{machine.Name} is not formed"));
        Assert.Single(world.Machines.Select(machine => machine.Disk!.Cluster).Distinct());
        Assert.Single(world.EverFormed);
    }
}
