using RaftStore.Server.Http;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Hosting;

/// <summary>Ties the node to the process: it starts once the client ports are bound, so that a port in use leaves no trace on disk, and
/// stops after the last request is answered.</summary>
internal sealed class NodeHostService(NodeHost host, HttpApi api, IHostApplicationLifetime lifetime, ILoggerFactory loggers) : IHostedLifecycleService
{
    /// <summary>What stopping the node may take; a restart loses nothing that was not stopped in time.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly ILogger _logger = loggers.CreateLogger("RaftStore.Host");
    private int _isStopped;

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(() =>
        {
            ServerLog.Stopping(_logger);

            // While the last requests are answered another takes over, so that the others' clients hardly notice.
            _ = host.HandOverAsync();
            api.BeginStopping();
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => host.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isStopped, 1) != 0)
        {
            return;
        }

        await host.HandOverAsync();
        await host.StopAsync(StopLimit);
        ServerLog.Stopped(_logger, host.Node?.Status.Term ?? 0, host.Node?.Status.AppliedIndex ?? 0);
    }

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
