using System.Reflection;
using RaftStore.Kv;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Harness;

/// <summary>Makes a node's state another one, as no entry could.</summary>
internal static class Corruption
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    /// <summary>A revision that nobody made. The next entry, which is written too, shows it.</summary>
    public static void Corrupt(TestCluster cluster, TestNode node)
    {
        cluster.Run(500);
        object pass = typeof(Node).GetField("_pass", Hidden)!.GetValue(node.Node)!;
        object store = pass.GetType().GetProperty("Store", Hidden)!.GetValue(pass)!;
        object state = typeof(KvStore).GetField("_state", Hidden)!.GetValue(store)!;
        state.GetType().GetMethod("BeginRevision", Hidden)!.Invoke(state, []);
        cluster.Await(cluster.Write(cluster.Nodes.First(other => other.Status.Role == RaftRole.Leader), "corrupted", "x"));
    }

    /// <summary>Corrupts a node and waits until it has found out and has written it down.</summary>
    public static void Quarantine(TestCluster cluster, TestNode node)
    {
        Corrupt(cluster, node);
        cluster.RunUntil(() => node.Status.Divergence is not null, "the wrong node is quarantined", limitMs: 10_000);
        cluster.RunUntil(() => IsMarked(node), "the quarantine is written down", limitMs: 10_000);
    }

    /// <summary>Whether its next start finds the mark.</summary>
    public static bool IsMarked(TestNode node) => node.Disk.FileExists("data/quarantine.json");
}
