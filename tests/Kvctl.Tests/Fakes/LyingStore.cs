using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Web;

namespace RaftStore.Kvctl.Tests.Fakes;

/// <summary>A store in memory that serves what <c>check</c> asks for, and can be made to lie.</summary>
internal sealed class LyingStore : IDisposable
{
    private readonly ScriptedServer _server;
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (string Value, long Revision)> _content = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Value, long Revision)> _before = new(StringComparer.Ordinal);
    private readonly Func<int, bool> _lies;
    private readonly string _others;
    private long _revision;
    private int _reads;

    /// <param name="lies">Of the n-th read of a key whether it shows what the key held before.</param>
    /// <param name="others">The other members, as the cluster tells of them.</param>
    public LyingStore(Func<int, bool> lies, params string[] others)
    {
        _lies = lies;
        _others = string.Concat(others.Select(other => "," + other));
        _server = new ScriptedServer(Answer);
    }

    public Uri Endpoint => _server.Endpoint;

    /// <summary>Ends with the first write.</summary>
    public Task Written => _written.Task;

    /// <summary>The keys that are there.</summary>
    public int Keys
    {
        get
        {
            lock (_lock)
            {
                return _content.Count;
            }
        }
    }

    public void Dispose() => _server.Dispose();

    private Reply Answer(ScriptedRequest request)
    {
        lock (_lock)
        {
            (string path, _, string query) = request.Target.Split('?', 2) is [var first, var second] ? (first, '?', second) : (request.Target, '?', string.Empty);
            return path switch
            {
                "/v1/cluster" => Reply.Json(200, $$"""{"clusterId":"c","leader":"n1","term":1,"commitIndex":1,"members":[{"id":"1","name":"n1","role":"voter","client":"{{Endpoint.GetLeftPart(UriPartial.Authority)}}"}{{_others}}]}"""),
                "/v1/status" => Reply.Json(200, """{"name":"n1","appliedIndex":7,"version":"0","stateHash":{"index":7,"hash":"aa"}}"""),
                "/v1/kv" => Many(request, HttpUtility.ParseQueryString(query)),
                _ when path.StartsWith("/v1/kv/", StringComparison.Ordinal) => One(request, Uri.UnescapeDataString(path["/v1/kv/".Length..]), HttpUtility.ParseQueryString(query)["revision"] is not null),
                _ => Reply.Problem(404, "not-found", null),
            };
        }
    }

    private Reply Many(ScriptedRequest request, System.Collections.Specialized.NameValueCollection query)
    {
        string start = query["start"] ?? query["prefix"] ?? string.Empty;
        string end = query["end"] ?? start + "\uFFFF";
        KeyValuePair<string, (string Value, long Revision)>[] found = [.. _content.Where(pair => string.CompareOrdinal(pair.Key, start) >= 0 && string.CompareOrdinal(pair.Key, end) < 0)];
        if (request.Method == "DELETE")
        {
            Array.ForEach(found, pair => _content.Remove(pair.Key));
            return Reply.Json(200, string.Create(CultureInfo.InvariantCulture, $"{{\"revision\":{++_revision},\"deleted\":{found.Length}}}"));
        }

        if (query["revision"] is not null)
        {
            return Reply.Problem(410, "compacted", null);
        }

        string items = string.Join(',', found.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{{\"key\":\"{pair.Key}\",\"value\":\"{pair.Value.Value}\",\"modRevision\":{pair.Value.Revision}}}")));
        return Reply.Json(200, string.Create(CultureInfo.InvariantCulture, $"{{\"revision\":{_revision},\"count\":{found.Length},\"more\":false,\"items\":[{items}]}}"), Revision);
    }

    private Reply One(ScriptedRequest request, string key, bool isPast)
    {
        bool exists = _content.TryGetValue(key, out (string Value, long Revision) held);
        if (request.Method == "GET")
        {
            if (isPast)
            {
                return Reply.Problem(410, "compacted", null);
            }

            if (_before.TryGetValue(key, out (string Value, long Revision) before) && _lies(++_reads))
            {
                return Reply.Binary(Encoding.UTF8.GetBytes(before.Value), Revision, Tag(before.Revision));
            }

            return exists ? Reply.Binary(Encoding.UTF8.GetBytes(held.Value), Revision, Tag(held.Revision)) : Reply.Json(404, "{}", Revision);
        }

        bool holds = request.Headers.TryGetValue("If-None-Match", out _) ? !exists : !request.Headers.TryGetValue("If-Match", out string? tag) || (exists && (tag == "*" || tag == $"\"{held.Revision.ToString(CultureInfo.InvariantCulture)}\""));
        if (!holds)
        {
            return Reply.Json(412, """{"outcome":"not-applied"}""", Revision, Tag(exists ? held.Revision : 0));
        }

        if (request.Method == "DELETE" && !exists)
        {
            return Reply.Json(200, JsonSerializer.Serialize(new Dictionary<string, long> { ["revision"] = _revision, ["deleted"] = 0 }));
        }

        _before[key] = exists ? held : _before.GetValueOrDefault(key, ("nothing", 0));
        _revision++;
        if (request.Method == "PUT")
        {
            _content[key] = (request.BodyText, _revision);
            _written.TrySetResult();
        }
        else
        {
            _content.Remove(key);
        }

        if (_before[key].Revision == 0)
        {
            _before.Remove(key);
        }

        return Reply.Json(200, JsonSerializer.Serialize(new Dictionary<string, long> { ["revision"] = _revision, ["version"] = 1, ["deleted"] = 1 }));
    }

    private string Revision => "RaftStore-Revision: " + _revision.ToString(CultureInfo.InvariantCulture);

    private static string Tag(long revision) => $"ETag: \"{revision.ToString(CultureInfo.InvariantCulture)}\"";
}
