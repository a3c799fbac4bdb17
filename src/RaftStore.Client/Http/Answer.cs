using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RaftStore.Client.Http;

/// <summary>A complete answer of one node: its status, the headers this client reads, and the whole body.</summary>
internal sealed class Answer
{
    private readonly bool _isWrite;
    private Wire.Problem? _problem;

    private Answer(bool isWrite, int status, HttpResponseHeaders headers, byte[] body, Uri endpoint)
    {
        _isWrite = isWrite;
        Status = status;
        Headers = headers;
        Body = body;
        Endpoint = endpoint;
    }

    public int Status { get; }

    public HttpResponseHeaders Headers { get; }

    public byte[] Body { get; }

    public Uri Endpoint { get; }

    /// <summary>How many attempts it took to get this answer.</summary>
    public int Attempts { get; set; } = 1;

    /// <summary>How long the node took for it.</summary>
    public TimeSpan Took { get; set; }

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The error body; empty where the answer carries none (Kestrel's own refusals) or none that can be read.</summary>
    public Wire.Problem Problem => _problem ??= ReadProblem();

    /// <summary>
    /// What this answer, if it is an error, says of the call. A read changes nothing. Of a write: the body's own word first; without one, a 4xx certainly did nothing by the
    /// contract, and anything else proves nothing (it may come from a proxy on the way).
    /// </summary>
    public Outcome Outcome => !_isWrite ? Outcome.NotApplied : Problem.Outcome switch
    {
        "not-applied" => Outcome.NotApplied,
        "unknown" => Outcome.Unknown,
        _ => Status is >= 300 and < 500 ? Outcome.NotApplied : Outcome.Unknown,
    };

    public static async Task<Answer> ReadAsync(HttpResponseMessage response, Call call, Uri endpoint, long bytesMax, CancellationToken cancellationToken)
    {
        await response.Content.LoadIntoBufferAsync(bytesMax, cancellationToken);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return new Answer(call.IsWrite, (int)response.StatusCode, response.Headers, body, endpoint);
    }

    /// <summary>The head of an answer whose body is read elsewhere.</summary>
    public static Answer HeadOf(HttpResponseMessage response, Uri endpoint) => new(isWrite: false, (int)response.StatusCode, response.Headers, [], endpoint);

    public string? Header(string name) =>
        Headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.ToString() : null;

    /// <summary>A header that is a decimal number; null when it is missing or malformed.</summary>
    public long? Number(string name) =>
        long.TryParse(Header(name), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>The mod revision in a strong <c>ETag</c>; null when there is none.</summary>
    public long? TaggedRevision() =>
        Header("ETag") is { Length: > 2 } tag && tag[0] == '"' && tag[^1] == '"'
        && long.TryParse(tag.AsSpan(1, tag.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out long revision)
            ? revision
            : null;

    /// <summary>The pause the server asks for before the next attempt.</summary>
    public TimeSpan? RetryAfter() => Number("Retry-After") is { } seconds and < 3600 ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Reads the JSON body.</summary>
    /// <exception cref="RaftStoreException">The body is not what the API promises; a write has happened nevertheless, with unknown result.</exception>
    public T Read<T>(JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(Body, type) ?? throw new JsonException("the body is null");
        }
        catch (JsonException e)
        {
            throw Malformed("its body cannot be read: " + e.Message, e);
        }
    }

    /// <summary>The failure of an answer that no RaftStore node gives.</summary>
    public RaftStoreException Malformed(string what, Exception? inner = null) =>
        new(_isWrite ? Outcome.Unknown : Outcome.NotApplied, $"{Endpoint.Authority} answered {Status}, but {what}; is it a RaftStore node?", inner)
        {
            Status = Status,
            Detail = what,
            Endpoint = Endpoint,
            Attempts = Attempts,
        };

    /// <summary>The failure this answer states.</summary>
    public RaftStoreException ToException() =>
        new(Outcome, RaftStoreException.Describe(Status, Problem.Title, Problem.Detail, Endpoint))
        {
            Status = Status,
            Type = Problem.Type,
            Detail = Problem.Detail ?? Problem.Title,
            Leader = Problem.Leader ?? Header("RaftStore-Leader"),
            Endpoint = Endpoint,
            Attempts = Attempts,
        };

    private Wire.Problem ReadProblem()
    {
        var none = new Wire.Problem();
        if (IsSuccess || Body.Length == 0 || Body[0] != (byte)'{')
        {
            return none;
        }

        try
        {
            return JsonSerializer.Deserialize(Body, WireJson.Default.Problem) ?? none;
        }
        catch (JsonException)
        {
            return none;
        }
    }
}
