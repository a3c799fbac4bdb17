namespace RaftStore.Cluster.Tests.Harness;

/// <summary>Tests that fill memory or disk on purpose: nothing runs beside them, for their own sake and for that of the others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
