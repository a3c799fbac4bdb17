using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;

namespace RaftStore.Server.Tests.Support;

/// <summary>A cluster of one that the API's tests share. Each test keeps to keys that begin with its own name.</summary>
public sealed class OneNode : IAsyncLifetime
{
    /// <summary>What <c>--value-limit</c> is set to.</summary>
    public const int ValueBytesMax = 100_000;

    private TestServer? _server;

    internal HttpClient Client => Server.Client;

    internal Uri BaseAddress => Server.BaseAddress;

    private TestServer Server => _server ?? throw new InvalidOperationException("Not started.");

    public async Task InitializeAsync() => _server = await TestServer.StartReadyAsync(("name", "solo"), ("value-limit", $"{ValueBytesMax}"), ("allowed-hosts", "store.example"));

    public async Task DisposeAsync() => await Server.DisposeAsync();

    /// <summary>Writes a value and returns its revision.</summary>
    internal async Task<long> PutAsync(string key, string value)
    {
        using HttpResponseMessage answer = await Client.PutAsync("/v1/kv/" + key, new ByteArrayContent(Encoding.UTF8.GetBytes(value)));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (long)(await JsonAsync(answer))["revision"]!;
    }

    /// <summary>Sends a request without a body.</summary>
    internal async Task<HttpResponseMessage> SendAsync(HttpMethod method, string target, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, new Uri(BaseAddress, target));
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request);
    }

    /// <summary>Sends bytes as they are and reads one answer.</summary>
    internal Task<RawAnswer> RawAsync(string head, byte[]? body = null) => RawHttp.SendAsync(BaseAddress, head, body ?? []);

    /// <summary>Sends a raw target with a method, and the headers that every request has.</summary>
    internal Task<RawAnswer> RawTargetAsync(string method, string target, string body = "") =>
        RawAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{(method == "PUT" ? $"Content-Length: {body.Length}\r\n" : "")}\r\n", Encoding.ASCII.GetBytes(body));

    internal static async Task<JsonObject> JsonAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject();

    /// <summary>A key that no other test uses.</summary>
    internal static string Key([CallerMemberName] string test = "") => test;
}

[CollectionDefinition(Name)]
public sealed class OneNodeCollection : ICollectionFixture<OneNode>
{
    public const string Name = "one node";
}
