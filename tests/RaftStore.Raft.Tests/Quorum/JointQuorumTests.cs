using RaftStore.Raft.Tests.Cluster;

namespace RaftStore.Raft.Tests.Quorum;

/// <summary>Joint majorities against a naive twin: every pair of voter sets out of five nodes, every set of answers.</summary>
public sealed class JointQuorumTests
{
    private const int Nodes = 5;

    [Fact]
    public void Tally_EveryPairOfVoterSetsAndEverySetOfGrants_IsWonExactlyWithBothMajorities()
    {
        for (uint voters = 1; voters < 1 << Nodes; voters++)
        {
            for (uint outgoing = 0; outgoing < 1 << Nodes; outgoing++)
            {
                Configuration configuration = Of(voters, outgoing);
                for (uint granted = 0; granted < 1 << Nodes; granted++)
                {
                    var tally = new Tally(configuration);
                    foreach (NodeId id in Ids((1 << Nodes) - 1))
                    {
                        tally.Answered(id, Ids(granted).Contains(id));
                    }

                    Assert.Equal(IsMajority(voters, granted) && (outgoing == 0 || IsMajority(outgoing, granted)), tally.IsWon);
                }
            }
        }
    }

    [Fact]
    public void Configuration_EncodedAndRead_IsTheSameForEveryPairOfVoterSets()
    {
        for (uint voters = 1; voters < 1 << Nodes; voters++)
        {
            for (uint outgoing = 0; outgoing < 1 << Nodes; outgoing++)
            {
                Configuration configuration = Of(voters, outgoing);
                byte[] bytes = ConfigurationCodec.Encode(configuration);
                Configuration read = ConfigurationCodec.TryDecode(bytes)!;

                Assert.Equal(configuration.Members.AsEnumerable(), read.Members.AsEnumerable());
                Assert.Equal(configuration.VoterIds.AsEnumerable(), read.VoterIds.AsEnumerable());
                Assert.Equal(configuration.OutgoingIds.AsEnumerable(), read.OutgoingIds.AsEnumerable());
                Assert.Equal(configuration.NextId, read.NextId);
            }
        }
    }

    private static Configuration Of(uint voters, uint outgoing)
    {
        uint learners = ((1u << Nodes) - 1) & ~voters & ~outgoing;
        return new Configuration([.. Members(voters)], [.. Members(outgoing)], [.. Members(learners)], Driver.Node(20));
    }

    private static IEnumerable<Member> Members(uint set) => Ids(set).Select(id => new Member(id, $"n{id}", $"h:{id}", "") { Instance = id.Value });

    private static IEnumerable<NodeId> Ids(uint set) => Enumerable.Range(0, Nodes).Where(bit => (set & (1u << bit)) != 0).Select(bit => new NodeId((uint)bit + 1));

    private static bool IsMajority(uint voters, uint granted)
        => 2 * System.Numerics.BitOperations.PopCount(voters & granted) > System.Numerics.BitOperations.PopCount(voters);
}
