namespace RaftStore.Kvctl.Bench;

/// <summary>What kind of server the load is for.</summary>
internal enum BenchTarget
{
    /// <summary>A RaftStore cluster.</summary>
    RaftStore,

    /// <summary>etcd 3, through its JSON gateway.</summary>
    Etcd,

    /// <summary>An empty endpoint that answers <c>PUT /</c> and <c>GET /</c>: the ceiling of server and generator.</summary>
    Null,
}
