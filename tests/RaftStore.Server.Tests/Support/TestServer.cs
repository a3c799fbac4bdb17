using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace RaftStore.Server.Tests.Support;

/// <summary>A whole node in this process: the program's own <c>Main</c>, with real sockets and a real data directory.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Factory _factory;
    private readonly DirectoryInfo _data;

    private TestServer(Dictionary<string, string> settings)
    {
        _data = Directory.CreateTempSubdirectory("raftstore-test-");
        settings.TryAdd("data", Path.Combine(_data.FullName, "node"));
        settings.TryAdd("listen", "http://127.0.0.1:0");
        settings.TryAdd("peer-listen", "127.0.0.1:0");
        settings.TryAdd("heartbeat", "15ms");
        settings.TryAdd("election-timeout-lower", "150ms");
        _factory = new Factory(settings);

        // Without a port here: the factory would set it on a server that the program is starting at the same time.
        _factory.UseKestrel();
        _factory.StartServer();
        BaseAddress = new Uri(_factory.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = BaseAddress, Timeout = Deadline };
    }

    /// <summary>Where clients are served.</summary>
    public Uri BaseAddress { get; }

    /// <summary>Follows no redirect.</summary>
    public HttpClient Client { get; }

    /// <summary>Starts a node and waits until it serves.</summary>
    public static async Task<TestServer> StartReadyAsync(params (string Name, string Value)[] settings)
    {
        TestServer server = Start(settings);
        await server.BecomesReadyAsync();
        return server;
    }

    /// <summary>Starts a node.</summary>
    public static TestServer Start(params (string Name, string Value)[] settings) => new(settings.ToDictionary(setting => setting.Name, setting => setting.Value));

    /// <summary>A part of the running program.</summary>
    public T Service<T>()
        where T : notnull => _factory.Services.GetRequiredService<T>();

    /// <summary>Waits until the node serves linearizable reads.</summary>
    public Task BecomesReadyAsync() => UntilAsync(async () => (await Client.GetAsync("/readyz")).IsSuccessStatusCode, "the node is ready");

    /// <summary>Waits until something holds.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string expectation)
    {
        using CancellationTokenSource deadline = new(Deadline);
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            Assert.False(deadline.IsCancellationRequested, $"Not within {Deadline.TotalSeconds} s: {expectation}");
            await look.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _factory.DisposeAsync();
        _data.Delete(recursive: true);
    }

    private sealed class Factory(Dictionary<string, string> settings) : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            foreach ((string name, string value) in settings)
            {
                builder.UseSetting(name, value);
            }
        }
    }
}
