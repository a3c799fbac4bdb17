namespace RaftStore.Server.Http;

/// <summary>A kind of error that the API answers with: RFC 9457's <c>type</c>, <c>title</c> and <c>status</c>. The names are part of the
/// contract and are listed in <c>docs/http-api.md</c>.</summary>
/// <param name="Name">What follows <c>urn:raftstore:error:</c>.</param>
internal sealed record ProblemType(string Name, string Title, int Status)
{
    /// <summary>What every <c>type</c> begins with.</summary>
    public const string UrnPrefix = "urn:raftstore:error:";

    public static readonly ProblemType InvalidRequest = new("invalid-request", "The request is malformed", 400);
    public static readonly ProblemType InvalidKey = new("invalid-key", "The key is malformed", 400);
    public static readonly ProblemType InvalidParameter = new("invalid-parameter", "A query parameter is unknown, malformed or contradicts another", 400);
    public static readonly ProblemType InvalidCondition = new("invalid-condition", "A condition is malformed", 400);
    public static readonly ProblemType InvalidCursor = new("invalid-cursor", "The cursor does not belong to this query", 400);
    public static readonly ProblemType FutureRevision = new("future-revision", "The store has not reached that revision", 400);
    public static readonly ProblemType InvalidSetting = new("invalid-setting", "A setting is unknown or out of its range", 400);
    public static readonly ProblemType HostNotAllowed = new("host-not-allowed", "This host is not served", 400);
    public static readonly ProblemType NotSupported = new("not-supported", "This version cannot do that yet", 400);
    public static readonly ProblemType KeyNotFound = new("key-not-found", "The key does not exist", 404);
    public static readonly ProblemType NotFound = new("not-found", "There is nothing at this path", 404);
    public static readonly ProblemType MemberNotFound = new("member-not-found", "There is no such member", 404);
    public static readonly ProblemType MemberConflict = new("member-conflict", "The cluster's members do not allow it", 409);
    public static readonly ProblemType MemberUnreachable = new("member-unreachable", "The new member does not answer", 409);
    public static readonly ProblemType NotQuarantined = new("not-quarantined", "The member's state is not known to be wrong", 409);
    public static readonly ProblemType HashNotRecorded = new("hash-not-recorded", "No state hash is recorded at that index", 404);
    public static readonly ProblemType MethodNotAllowed = new("method-not-allowed", "The method is not allowed here", 405);
    public static readonly ProblemType RequestTimeout = new("request-timeout", "The request arrived too slowly", 408);
    public static readonly ProblemType Compacted = new("compacted", "That revision is compacted", 410);
    public static readonly ProblemType ConditionFailed = new("condition-failed", "The condition did not hold", 412);
    public static readonly ProblemType ValueTooLarge = new("value-too-large", "The value is too large", 413);
    public static readonly ProblemType RangeTooLarge = new("range-too-large", "The range holds too many keys", 413);
    public static readonly ProblemType UnsupportedMediaType = new("unsupported-media-type", "The media type or content coding is not supported", 415);
    public static readonly ProblemType RateLimited = new("rate-limited", "This client sends too many requests", 429);
    public static readonly ProblemType Internal = new("internal", "The node failed to answer", 500);
    public static readonly ProblemType NoLeader = new("no-leader", "The cluster has no leader", 503);
    public static readonly ProblemType Overloaded = new("overloaded", "The node is shedding load", 503);
    public static readonly ProblemType ShuttingDown = new("shutting-down", "The node is shutting down", 503);
    public static readonly ProblemType Forming = new("forming", "The cluster is not formed yet", 503);
    public static readonly ProblemType Diverged = new("diverged", "This node's state is not that of the others", 503);
    public static readonly ProblemType NotReady = new("not-ready", "The node cannot serve linearizable reads", 503);
    public static readonly ProblemType NotCaughtUp = new("not-caught-up", "This node is behind", 503);
    public static readonly ProblemType TooStale = new("too-stale", "This node may be staler than was allowed", 503);
    public static readonly ProblemType NotProposed = new("not-proposed", "The write could not be proposed in time", 503);
    public static readonly ProblemType Timeout = new("timeout", "The cluster did not answer in time", 504);
    public static readonly ProblemType DiskFull = new("disk-full", "The log's disk is full", 507);
    public static readonly ProblemType QuotaReached = new("quota-reached", "The store's quota is reached", 507);

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<ProblemType> All =
    [
        InvalidRequest, InvalidKey, InvalidParameter, InvalidCondition, InvalidCursor, FutureRevision, InvalidSetting, HostNotAllowed, NotSupported,
        KeyNotFound, NotFound, MemberNotFound, MemberConflict, MemberUnreachable, NotQuarantined, HashNotRecorded, MethodNotAllowed, RequestTimeout, Compacted, ConditionFailed, ValueTooLarge, RangeTooLarge,
        UnsupportedMediaType, RateLimited, Internal, NoLeader, Overloaded, ShuttingDown, Forming, Diverged, NotReady, NotCaughtUp, TooStale, NotProposed,
        Timeout, DiskFull, QuotaReached,
    ];

    /// <summary>True where a write that ends so may have been applied; every other refusal is certain.</summary>
    public bool LeavesOutcomeUnknown => Status is 500 or 504;
}
