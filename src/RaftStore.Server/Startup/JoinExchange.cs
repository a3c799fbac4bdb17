using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using RaftStore.Raft;
using RaftStore.Server.Http;
using RaftStore.Server.Settings;
using RaftStore.Storage;

namespace RaftStore.Server.Startup;

/// <summary>Asks a running cluster to take this node in (<c>--join</c>, or by DNS), again and again until a member says yes or why not.</summary>
internal sealed class JoinExchange : IDisposable
{
    /// <summary>Time between two rounds of asking, in milliseconds.</summary>
    private const int PauseMs = 500;

    /// <summary>The longest answer read: a configuration of a thousand members fits.</summary>
    private const int AnswerBytesMax = 4 << 20;

    private readonly ServerSettings _settings;
    private readonly ulong _instance;
    private readonly Func<IReadOnlyList<string>> _urls;
    private readonly ILogger _log;
    private readonly HttpClient _client;
    private readonly CancellationTokenSource _stop = new();
    private volatile string _detail = "asking the cluster to take this node in";

    /// <summary>Makes the exchange; it asks nobody yet.</summary>
    /// <param name="settings">What the server was told.</param>
    /// <param name="instance">The number of this node's data directory, durable already.</param>
    /// <param name="urls">Client addresses of members; asked for every round.</param>
    /// <param name="log">Where to log.</param>
    public JoinExchange(ServerSettings settings, ulong instance, Func<IReadOnlyList<string>> urls, ILogger log)
    {
        _settings = settings;
        _instance = instance;
        _urls = urls;
        _log = log;
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
        {
            Timeout = TimeSpan.FromMilliseconds(2 * settings.RequestTimeoutMs),
            MaxResponseContentBufferSize = AnswerBytesMax,
        };
    }

    /// <summary>What is being waited for, in one sentence. Any thread.</summary>
    public string Detail => _detail;

    /// <summary>Asks until there is an answer.</summary>
    /// <returns>Who this node is from now on; null where <see cref="Dispose"/> was called first.</returns>
    /// <exception cref="DataDirectoryException">The cluster says no, and would say so again.</exception>
    public async Task<NodeIdentity?> RunAsync()
    {
        try
        {
            while (true)
            {
                foreach (string url in _urls())
                {
                    if (await AskAsync(url) is { } identity)
                    {
                        return identity;
                    }
                }

                await Task.Delay(PauseMs, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Cancel();

    private async Task<NodeIdentity?> AskAsync(string url)
    {
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Post, url.TrimEnd('/') + "/v1/cluster/members") { Content = Body() };
            using HttpResponseMessage response = await _client.SendAsync(request, _stop.Token);
            string text = await response.Content.ReadAsStringAsync(_stop.Token);
            if (response.IsSuccessStatusCode)
            {
                return Read(text);
            }

            string reason = MemberOf(text, "detail") ?? $"it answered {(int)response.StatusCode}";

            // That this node cannot be reached may change: its address may not be known everywhere yet.
            bool mayPass = MemberOf(text, "type") == ProblemType.UrnPrefix + ProblemType.MemberUnreachable.Name;
            if (!mayPass && response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.BadRequest or HttpStatusCode.NotFound)
            {
                throw new DataDirectoryException(_settings.DataPath, -1, $"the cluster does not take {_settings.Name} in: {reason} (says {url})");
            }

            Note($"{url}: {reason}");
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or FormatException || (exception is OperationCanceledException && !_stop.IsCancellationRequested))
        {
            Note($"{url}: {exception.Message}");
        }

        return null;
    }

    private void Note(string trouble)
    {
        string detail = $"waiting to be taken into the cluster ({trouble})";
        if (!string.Equals(detail, _detail, StringComparison.Ordinal))
        {
            _detail = detail;
            StartupLog.Joining(_log, detail);
        }
    }

    private ByteArrayContent Body()
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>
        {
            ["name"] = _settings.Name,
            ["peer"] = _settings.PeerAdvertise,
            ["client"] = _settings.Advertise,
            ["instance"] = _instance.ToString("x16", CultureInfo.InvariantCulture),
        });
        ByteArrayContent content = new(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private NodeIdentity Read(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        Configuration configuration = ConfigurationCodec.TryDecode(root.GetProperty("configuration").GetBytesFromBase64())
            ?? throw new FormatException("its configuration is of a newer version");
        NodeId id = new(uint.Parse(root.GetProperty("id").GetString() ?? "", NumberStyles.None, CultureInfo.InvariantCulture));
        ClusterId cluster = new(ulong.Parse(root.GetProperty("clusterId").GetString() ?? "", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return configuration.Find(id) is { } self && self.Instance == _instance && !configuration.IsJoint
            ? new NodeIdentity(cluster, id, _settings.Name, FormationState.Formed, configuration) { Instance = _instance }
            : throw new FormatException("its members do not hold this node as it asked for, or are about to change");
    }

    /// <summary>A member of an error answer, where it is one.</summary>
    private static string? MemberOf(string text, string name)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
