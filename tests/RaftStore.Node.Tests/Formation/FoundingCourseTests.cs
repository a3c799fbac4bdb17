using RaftStore.Node.Formation;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Tests.Formation;

public sealed class FoundingCourseTests
{
    private static readonly Configuration Three = FoundingList.Create([("n1", "n1:1"), ("n2", "n2:1"), ("n3", "n3:1")]);
    private static readonly NodeSighting Self = new() { Name = "n1", Stage = NodeStage.Unknown, Life = 11, PeerAddress = "n1:1", ClientAddress = "http://n1" };
    private static readonly SearchStep Found = new(SearchAction.Found, "", Three);
    private static readonly SearchStep Release = new(SearchAction.Release, "", null);

    [Fact]
    public void Course_OfAnEmptyNodeThatSearches_SaysItsWordAndWhatItExpects()
    {
        FoundingCourse course = new(Self, Search(), identity: null, given: null);

        NodeSighting said = course.Introduce("n2", "n2:1", 0);

        Assert.Equal((NodeStage.Searching, 3, false), (said.Stage, said.Expect, said.IsFirm));
        Assert.Null(course.Founders);
    }

    [Fact]
    public void Course_FoundAndReleasedBeforeAnythingIsDurable_MayFoundAnotherListLater()
    {
        FoundingCourse course = new(Self, Search(), identity: null, given: null);

        Assert.Equal(CourseAction.Form, course.Follow(Found));
        Assert.Equal(CourseAction.GoOn, course.Follow(Found));
        Assert.Equal(CourseAction.EndFormation, course.Follow(Release));
        course.FormationEnded();

        Assert.Null(course.Founders);
        Assert.Equal(NodeStage.Searching, course.Introduce("n2", "n2:1", 0).Stage);
        Assert.Equal(CourseAction.Form, course.Follow(Found));
    }

    [Fact]
    public void Course_ReleasedAfterTheListHasReachedTheDisk_KeepsItForEver()
    {
        FounderSearch search = Search();
        FoundingCourse course = new(Self, search, identity: null, given: null);
        course.Follow(Found);
        course.IdentityWritten(Forming());
        course.Follow(Release);
        course.FormationEnded();

        SearchStep next = search.Conclude([], [], "", 0);

        Assert.Equal(SearchAction.Found, next.Action);
        Assert.True(FoundingList.AreEqual(Three, next.Founders!));
        Assert.Equal(CourseAction.Form, course.Follow(next));
    }

    [Fact]
    public void Course_StartedWithAListThatIsDurable_SaysSoAndSearchesForNoOther()
    {
        FounderSearch search = Search();
        FoundingCourse course = new(Self, search, Forming(), given: null);

        NodeSighting said = course.Introduce("n2", "n2:1", 0);

        Assert.Equal((NodeStage.Forming, true), (said.Stage, said.IsFirm));
        Assert.True(FoundingList.AreEqual(Three, said.Founders!));
        Assert.Equal(SearchAction.Found, search.Conclude([], [], "", 0).Action);
    }

    [Fact]
    public void Course_OfANodeWithAListOfItsOwn_GoesOnWithTheListThatItIsGivenUntilThatIsFormed()
    {
        Configuration other = FoundingList.Create([("n1", "n1:1"), ("n4", "n4:1")]);

        Assert.Same(other, new FoundingCourse(Self, search: null, Forming(), other).Founders);
        Assert.True(FoundingList.AreEqual(Three, new FoundingCourse(Self, search: null, Forming() with { State = FormationState.Formed }, other).Founders!));
    }

    [Fact]
    public void Course_ThatJoins_SaysByWhichNumberAndAsksOnce()
    {
        FoundingCourse course = new(Self, Search(), identity: null, given: null);
        SearchStep join = new(SearchAction.Join, "", null, ["http://n2"]);

        Assert.Equal(CourseAction.Join, course.Follow(join));
        course.Joining(77);

        NodeSighting said = course.Introduce("n2", "n2:1", 0);
        Assert.Equal((NodeStage.Joining, 77UL), (said.Stage, said.Instance));
        Assert.Equal(CourseAction.GoOn, course.Follow(join));
    }

    [Fact]
    public void Course_ThatIsOver_SaysWhichMemberItIs()
    {
        FoundingCourse course = new(Self, Search(), Forming() with { State = FormationState.Formed }, given: null);

        course.Entered(new ClusterId(5), new NodeId(1));

        NodeSighting said = course.Introduce("n2", "n2:1", 0);
        Assert.Equal((NodeStage.Formed, new ClusterId(5), new NodeId(1), "http://n1"), (said.Stage, said.Cluster, said.Id, said.ClientAddress));
    }

    private static FounderSearch Search() => new("n1", "n1:1", life: 11, expect: 3);

    private static NodeIdentity Forming() => new(new ClusterId(5), new NodeId(1), "n1", FormationState.Forming, Three);
}
