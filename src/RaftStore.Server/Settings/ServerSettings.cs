using System.Collections.Immutable;

namespace RaftStore.Server.Settings;

/// <summary>One founder as <c>--cluster</c> names it.</summary>
public sealed record Founder(string Name, string PeerAddress);

/// <summary>Everything the server is told at its start, validated. The contract's flags, one member each.</summary>
public sealed record ServerSettings
{
    /// <summary><c>--name</c>.</summary>
    public required string Name { get; init; }

    /// <summary><c>--data</c>, as an absolute path.</summary>
    public required string DataPath { get; init; }

    /// <summary><c>--listen</c>: URLs that clients use; at least one.</summary>
    public required ImmutableArray<string> Listen { get; init; }

    /// <summary><c>--peer-listen</c>: host:port that peers use.</summary>
    public required string PeerListen { get; init; }

    /// <summary><c>--cluster</c>, in order of names; a cluster of one has this node alone.</summary>
    public required ImmutableArray<Founder> Founders { get; init; }

    /// <summary><c>--join</c>: URLs of members of the cluster that is to take this node in; empty where it founds one.</summary>
    public ImmutableArray<string> Join { get; init; } = [];

    /// <summary><c>--discover</c>: where founders, or a cluster to join, are found; null where they are not looked for.</summary>
    public DiscoverTarget? Discover { get; init; }

    /// <summary><c>--bootstrap-expect</c>: how many founders to find; 0 where this node only joins.</summary>
    public int BootstrapExpect { get; init; }

    /// <summary><c>--advertise</c>, or the first of <see cref="Listen"/>: the URL that others tell clients.</summary>
    public required string Advertise { get; init; }

    /// <summary><c>--peer-advertise</c>, or <see cref="PeerListen"/>.</summary>
    public required string PeerAdvertise { get; init; }

    /// <summary><c>--allowed-hosts</c> beyond loopback names and the hosts of <see cref="Listen"/> and <see cref="Advertise"/>.</summary>
    public ImmutableArray<string> AllowedHosts { get; init; } = [];

    /// <summary><c>--heartbeat</c>, in milliseconds.</summary>
    public int HeartbeatMs { get; init; } = 100;

    /// <summary><c>--election-timeout-lower</c>, in milliseconds.</summary>
    public int LowerElectionTimeoutMs { get; init; } = 1000;

    /// <summary><c>--election-timeout-upper</c>, in milliseconds.</summary>
    public int UpperElectionTimeoutMs { get; init; } = 2000;

    /// <summary><c>--request-timeout</c>, in milliseconds.</summary>
    public int RequestTimeoutMs { get; init; } = 5000;

    /// <summary><c>--value-limit</c>, in bytes, at most 16 MiB: what this node refuses before it is proposed. What the cluster takes is a
    /// replicated setting.</summary>
    public int ValueBytesMax { get; init; } = Kv.KvCommand.ValueBytesMax;

    /// <summary><c>--snapshot-log-size</c>: the log's length in bytes beyond which a snapshot is taken.</summary>
    public long SnapshotLogBytes { get; init; } = 256L << 20;

    /// <summary><c>--rate-limit</c>: requests a second from one client address; 0 for no limit.</summary>
    public int RequestsPerSecond { get; init; }

    /// <summary><c>--connection-limit</c>: client connections open at the same time.</summary>
    public int ConnectionsMax { get; init; } = 16_384;

    /// <summary><c>--enable-fault-injection</c>: whether <c>/v1/faults</c> is served.</summary>
    public bool InjectsFaults { get; init; }

    /// <summary>True where <c>--insecure</c> let an address be bound that other machines reach.</summary>
    public bool IsInsecure { get; init; }
}
