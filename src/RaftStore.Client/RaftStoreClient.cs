using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using RaftStore.Client.Http;
using RaftStore.Client.Keys;

namespace RaftStore.Client;

/// <summary>
/// A client of one RaftStore cluster. It knows several endpoints, prefers the leader where it knows it, goes on to the
/// next endpoint when one fails, and repeats only what is safe: reads, and writes that certainly did nothing. A write
/// that may have reached a node which did not answer is never sent again; it ends as <see cref="Outcome.Unknown"/>.
/// </summary>
/// <remarks>
/// Safe for use by many threads; make one and keep it. Keys and values are not copied: they must not change until the
/// call has ended. Every method may throw <see cref="RaftStoreException"/>; a cancelled write may have been applied.
/// </remarks>
public sealed class RaftStoreClient : IDisposable
{
    private const string SettingsTarget = "/v1/cluster/settings";

    private readonly RequestRunner _runner;

    /// <summary>Creates a client; no connection is opened before the first call.</summary>
    /// <exception cref="ArgumentException">The options name no endpoint, or one that is not <c>http://host:port</c>.</exception>
    public RaftStoreClient(RaftStoreClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _runner = new RequestRunner(options);
        Members = new MembersClient(_runner);
        Faults = new FaultsClient(_runner);
    }

    /// <summary>Closes the connections. Calls under way fail.</summary>
    public void Dispose() => _runner.Dispose();

    /// <summary>Who belongs to the cluster, and who leads it.</summary>
    public MembersClient Members { get; }

    /// <summary>What goes wrong on purpose.</summary>
    public FaultsClient Faults { get; }

    /// <summary>Reads one key.</summary>
    public Task<GetResult> GetAsync(string key, ReadConsistency consistency = ReadConsistency.Linearizable, CancellationToken cancellationToken = default) =>
        GetAsync(Encoding.UTF8.GetBytes(key), consistency, cancellationToken);

    /// <summary>Reads one key.</summary>
    public Task<GetResult> GetAsync(ReadOnlyMemory<byte> key, ReadConsistency consistency = ReadConsistency.Linearizable, CancellationToken cancellationToken = default) =>
        GetAsync(key, new ReadOptions { Consistency = consistency }, cancellationToken);

    /// <summary>Reads one key.</summary>
    /// <exception cref="RaftStoreException">Among others, status 410 when the revision to read at is compacted, and 400 when it is in the future.</exception>
    /// <exception cref="ArgumentException">A bound on staleness for a linearizable read.</exception>
    public async Task<GetResult> GetAsync(ReadOnlyMemory<byte> key, ReadOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MinRevision, nameof(options));
        if (options.MaxStaleness is not null && options.Consistency != ReadConsistency.Stale)
        {
            throw new ArgumentException("Only a stale read has a bound on its staleness.", nameof(options));
        }

        RequestTarget target = RequestTarget.Of(key.Span).Add(options);
        Answer answer = await _runner.RunAsync(Read(target, options.Consistency), cancellationToken);
        if (answer.Status != 200 && (answer.Status != 404 || answer.Number("RaftStore-Revision") is null))
        {
            throw answer.ToException();
        }

        KvItem? item = answer.Status == 404 ? null : new KvItem
        {
            Key = key,
            Value = answer.Body,
            CreateRevision = Required(answer, "RaftStore-Create-Revision"),
            ModRevision = Required(answer, "RaftStore-Mod-Revision"),
            Version = Required(answer, "RaftStore-Version"),
        };
        TimeSpan? staleness = answer.Number("RaftStore-Staleness-Ms") is { } ms ? TimeSpan.FromMilliseconds(ms) : null;
        return new GetResult(item, Required(answer, "RaftStore-Revision"), answer.Header("RaftStore-Node"), staleness)
        {
            DeletedRevision = item is null ? answer.Number("RaftStore-Deleted-Revision") : null,
        };
    }

    /// <summary>Writes one key, durably on a majority before this returns.</summary>
    public Task<PutResult> PutAsync(string key, string value, PutOptions? options = null, CancellationToken cancellationToken = default) =>
        PutAsync(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), options, cancellationToken);

    /// <summary>Writes one key, durably on a majority before this returns.</summary>
    /// <returns>What was written; a condition that did not hold is a result, not an exception.</returns>
    public async Task<PutResult> PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, PutOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new PutOptions();
        RequestTarget target = RequestTarget.Of(key.Span).AddFlag("prev", options.WithPrevious);
        Answer answer = await _runner.RunAsync(Write(HttpMethod.Put, target, value, options.Condition), cancellationToken);
        if (IsFailedCondition(answer, options.Condition))
        {
            return new PutResult { Applied = false, Revision = answer.Number("RaftStore-Revision") ?? 0, CurrentModRevision = answer.TaggedRevision() };
        }

        Wire.PutAnswer result = Success(answer).Read(WireJson.Default.PutAnswer);
        return new PutResult { Applied = true, Revision = result.Revision, Version = result.Version, Previous = result.Prev };
    }

    /// <summary>Deletes one key; deleting what does not exist succeeds with 0 deleted.</summary>
    public Task<DeleteResult> DeleteAsync(string key, WriteCondition condition = default, CancellationToken cancellationToken = default) =>
        DeleteAsync(Encoding.UTF8.GetBytes(key), condition, cancellationToken);

    /// <summary>Deletes one key; deleting what does not exist succeeds with 0 deleted.</summary>
    /// <returns>What was deleted; a condition that did not hold is a result, not an exception.</returns>
    public async Task<DeleteResult> DeleteAsync(ReadOnlyMemory<byte> key, WriteCondition condition = default, CancellationToken cancellationToken = default)
    {
        RequestTarget target = RequestTarget.Of(key.Span);
        Answer answer = await _runner.RunAsync(Write(HttpMethod.Delete, target, default, condition), cancellationToken);
        if (IsFailedCondition(answer, condition))
        {
            return new DeleteResult { Applied = false, Revision = answer.Number("RaftStore-Revision") ?? 0, CurrentModRevision = answer.TaggedRevision() };
        }

        return Deleted(answer);
    }

    /// <summary>Deletes every key of a range in one revision.</summary>
    /// <exception cref="RaftStoreException">Among others, status 413 when the range holds more keys than the setting <c>rangeKeysMax</c> allows: nothing is deleted then.</exception>
    /// <exception cref="ArgumentException">The range is <see cref="KeyRange.All"/>.</exception>
    public async Task<DeleteResult> DeleteRangeAsync(KeyRange range, CancellationToken cancellationToken = default)
    {
        if (range.IsEverything)
        {
            throw new ArgumentException("A range delete needs a bound.", nameof(range));
        }

        return Deleted(await _runner.RunAsync(Write(HttpMethod.Delete, RequestTarget.Of(range), default, WriteCondition.None), cancellationToken));
    }

    /// <summary>Lists one page of a range, in byte order.</summary>
    /// <param name="range">The keys to list; the same for every page of a listing.</param>
    /// <param name="options">What to bring; the same for every page of a listing.</param>
    /// <param name="cursor">The <see cref="ListPage.Cursor"/> of the page before; null for the first page.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RaftStoreException">Among others, status 410 when the revision of the first page has been compacted meanwhile.</exception>
    public async Task<ListPage> ListPageAsync(KeyRange range, ListOptions? options = null, string? cursor = null, CancellationToken cancellationToken = default)
    {
        options ??= new ListOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.PageSize, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.PageSize, ListOptions.PageSizeMax, nameof(options));
        RequestTarget target = RequestTarget.Of(range)
            .AddFlag("keys_only", options.KeysOnly)
            .AddFlag("reverse", options.Reverse)
            .Add(options.Consistency)
            .AddRevision(options.Revision)
            .Add("limit", options.PageSize.ToString(CultureInfo.InvariantCulture));
        if (cursor is not null)
        {
            target.Add("cursor", Uri.EscapeDataString(cursor));
        }

        Answer answer = Success(await _runner.RunAsync(Read(target, options.Consistency), cancellationToken));
        Wire.ListAnswer page = answer.Read(WireJson.Default.ListAnswer);
        if (page.More && string.IsNullOrEmpty(page.Cursor))
        {
            throw answer.Malformed("it says that there is more without a cursor");
        }

        return new ListPage { Revision = page.Revision, Items = page.Items ?? [], Cursor = page.More ? page.Cursor : null };
    }

    /// <summary>Lists a range in byte order, page by page, all of one revision, holding one page in memory.</summary>
    public async IAsyncEnumerable<KvItem> ListAsync(KeyRange range, ListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? cursor = null;
        do
        {
            ListPage page = await ListPageAsync(range, options, cursor, cancellationToken);
            foreach (KvItem item in page.Items)
            {
                yield return item;
            }

            cursor = page.Cursor;
        }
        while (cursor is not null);
    }

    /// <summary>Counts the keys of a range.</summary>
    public Task<long> CountAsync(KeyRange range, ReadConsistency consistency = ReadConsistency.Linearizable, CancellationToken cancellationToken = default) =>
        CountAsync(range, new ListOptions { Consistency = consistency }, cancellationToken);

    /// <summary>Counts the keys of a range.</summary>
    /// <param name="range">The keys to count.</param>
    /// <param name="options">At which revision, and how recent; the rest means nothing here.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<long> CountAsync(KeyRange range, ListOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        RequestTarget target = RequestTarget.Of(range).AddFlag("count_only", true).Add(options.Consistency).AddRevision(options.Revision);
        Answer answer = Success(await _runner.RunAsync(Read(target, options.Consistency), cancellationToken));
        return answer.Read(WireJson.Default.ListAnswer).Count;
    }

    /// <summary>Makes a revision the oldest one that can be read. What keys hold now is not touched.</summary>
    /// <returns>The store's revision.</returns>
    /// <exception cref="RaftStoreException">Among others, status 410 when that revision is the oldest one already or below it, and 400 when it is in the future.</exception>
    public async Task<long> CompactAsync(long revision, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(revision);
        var call = new Call
        {
            Method = HttpMethod.Post,
            Target = "/v1/compact",
            IsWrite = true,
            PrefersLeader = true,
            Body = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"revision\":{revision}}}")),
            ContentType = "application/json",
        };
        return Success(await _runner.RunAsync(call, cancellationToken)).Read(WireJson.Default.CompactAnswer).Revision;
    }

    /// <summary>Asks one node for its own state; no other node is asked in its place.</summary>
    public async Task<NodeStatus> StatusAsync(Uri endpoint, CancellationToken cancellationToken = default)
    {
        var call = new Call { Method = HttpMethod.Get, Target = "/v1/status", OnlyEndpoint = endpoint };
        return Success(await _runner.RunAsync(call, cancellationToken)).Read(WireJson.Default.NodeStatus);
    }

    /// <summary>Asks for the members and the leader: the leader first where it is known, since it knows most.</summary>
    /// <param name="endpoint">The only node to ask; null lets any node answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<ClusterStatus> ClusterAsync(Uri? endpoint = null, CancellationToken cancellationToken = default)
    {
        var call = new Call { Method = HttpMethod.Get, Target = "/v1/cluster", PrefersLeader = true, OnlyEndpoint = endpoint };
        return Success(await _runner.RunAsync(call, cancellationToken)).Read(WireJson.Default.ClusterStatus);
    }

    /// <summary>Writes a snapshot of the whole store, as of one revision, to a stream. <see cref="RaftStoreClientOptions.Timeout"/> is how long it may take
    /// until a node begins to send, and how long that one may then be silent.</summary>
    /// <param name="stream">Gets the bytes of a snapshot file, whose own checksums say whether they are right.</param>
    /// <param name="consistency">How recent it must be.</param>
    /// <param name="progress">Told the bytes written so far, on the thread that writes them.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RaftStoreException">No node began, or the one that did broke off; the stream holds a part of the snapshot then.</exception>
    public Task<SnapshotResult> SnapshotAsync(
        Stream stream, ReadConsistency consistency = ReadConsistency.Linearizable, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        string target = consistency == ReadConsistency.Stale ? "/v1/snapshot?consistency=stale" : "/v1/snapshot";
        return _runner.DownloadAsync(target, stream, progress, cancellationToken);
    }

    /// <summary>Reads the cluster's settings.</summary>
    public async Task<ClusterSettings> SettingsAsync(ReadConsistency consistency = ReadConsistency.Linearizable, CancellationToken cancellationToken = default)
    {
        string target = consistency == ReadConsistency.Stale ? SettingsTarget + "?consistency=stale" : SettingsTarget;
        var call = new Call { Method = HttpMethod.Get, Target = target, PrefersLeader = consistency == ReadConsistency.Linearizable };
        return ClusterSettings.Read(Success(await _runner.RunAsync(call, cancellationToken)));
    }

    /// <summary>Changes some of the cluster's settings, all of them or none; the others stay as they are.</summary>
    /// <param name="changes">By name; a value of digits alone is sent as a number, any other as a string.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>All settings as they are after the change.</returns>
    /// <exception cref="RaftStoreException">Among others, status 400 where a setting is unknown or out of its range: nothing is changed then.</exception>
    public async Task<ClusterSettings> ChangeSettingsAsync(IReadOnlyDictionary<string, string> changes, CancellationToken cancellationToken = default)
    {
        var call = new Call
        {
            Method = HttpMethod.Patch,
            Target = SettingsTarget,
            IsWrite = true,
            PrefersLeader = true,
            Body = ClusterSettings.Write(changes),
            ContentType = "application/json",
        };
        return ClusterSettings.Read(Success(await _runner.RunAsync(call, cancellationToken)));
    }

    private static Call Read(RequestTarget target, ReadConsistency consistency) => new()
    {
        Method = HttpMethod.Get,
        Target = target.ToString(),
        PrefersLeader = consistency == ReadConsistency.Linearizable,
    };

    private static Call Write(HttpMethod method, RequestTarget target, ReadOnlyMemory<byte> body, WriteCondition condition) => new()
    {
        Method = method,
        Target = target.ToString(),
        IsWrite = true,
        PrefersLeader = true,
        Body = body,
        Condition = condition.Header,
    };

    private static DeleteResult Deleted(Answer answer)
    {
        Wire.DeleteAnswer result = Success(answer).Read(WireJson.Default.DeleteAnswer);
        return new DeleteResult { Applied = true, Revision = result.Revision, Deleted = result.Deleted };
    }

    private static bool IsFailedCondition(Answer answer, WriteCondition condition) => answer.Status == 412 && condition != WriteCondition.None;

    private static Answer Success(Answer answer) => answer.Status == 200 ? answer : throw answer.ToException();

    private static long Required(Answer answer, string header) =>
        answer.Number(header) ?? throw answer.Malformed($"without the header {header}");
}
