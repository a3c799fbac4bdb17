using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using RaftStore.Server.Http;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Hosting;

/// <summary>Puts the process together: the web server with its limits, the log, the API and the node.</summary>
internal static class ServerApp
{
    /// <summary>The longest request line, from the contract: a key of 4,096 bytes takes 12 KiB when every byte is percent-encoded.</summary>
    private const int RequestLineBytesMax = 32 << 10;

    private const int RequestHeaderBytesMax = 32 << 10;
    private const int RequestHeadersMax = 100;
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromMinutes(2);

    /// <summary>A body or an answer that moves more slowly than this, after a grace, is given up: a connection is worth more than that.</summary>
    private static readonly MinDataRate SlowestRate = new(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));

    /// <summary>Builds it; nothing is started and nothing written.</summary>
    /// <param name="configurationFile">Where <c>appsettings.json</c> would be, for its log levels.</param>
    public static WebApplication Build(ServerSettings settings, string configurationFile, ImmediateExit exit)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "raftstore" });
        builder.Configuration.AddJsonFile(configurationFile, optional: true, reloadOnChange: false);
        ConfigureLogging(builder);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => ConfigureKestrel(kestrel, settings));
        builder.WebHost.UseUrls([.. settings.Listen]);
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(exit);
        builder.Services.AddSingleton<IHostLifetime, SignalLifetime>();
        builder.Services.AddSingleton(services => new NodeHost(settings, services.GetRequiredService<ILoggerFactory>(), exit.Now, services.GetRequiredService<IHostApplicationLifetime>().StopApplication));
        builder.Services.AddSingleton(services => new HttpApi(services.GetRequiredService<NodeHost>(), settings, services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddHostedService<NodeHostService>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(settings.RequestTimeoutMs) + TimeSpan.FromSeconds(15));
        WebApplication app = builder.Build();
        app.Run(app.Services.GetRequiredService<HttpApi>().InvokeAsync);
        return app;
    }

    private static void ConfigureLogging(WebApplicationBuilder builder)
    {
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

        // While this category logs anything, the framework makes an Activity and a scope for every request. What it would say of a
        // failed request, the API says itself.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Logging.AddConfiguration(builder.Configuration.GetSection(SettingSources.LoggingSection));
    }

    private static void ConfigureKestrel(KestrelServerOptions kestrel, ServerSettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowResponseHeaderCompression = false;
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = settings.ConnectionsMax;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = settings.ValueBytesMax;
        limits.MaxRequestLineSize = RequestLineBytesMax;
        limits.MaxRequestHeadersTotalSize = RequestHeaderBytesMax;
        limits.MaxRequestHeaderCount = RequestHeadersMax;
        limits.RequestHeadersTimeout = HeadersTimeout;
        limits.KeepAliveTimeout = KeepAliveTimeout;
        limits.MinRequestBodyDataRate = SlowestRate;
        limits.MinResponseDataRate = SlowestRate;
    }
}
