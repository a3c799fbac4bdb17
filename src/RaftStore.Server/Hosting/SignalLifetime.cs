using System.Runtime.InteropServices;

namespace RaftStore.Server.Hosting;

/// <summary>The first SIGTERM or SIGINT stops the process in good order, the second ends it at once.</summary>
internal sealed class SignalLifetime(IHostApplicationLifetime lifetime, ImmediateExit exit) : IHostLifetime, IDisposable
{
    /// <summary>What a shell reports of a process that SIGTERM ended.</summary>
    private const int SecondSignalExitCode = 128 + 15;

    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _registrations.Clear();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1)
        {
            exit.Now(SecondSignalExitCode, "Ended at once by a second signal; nothing acknowledged is lost.");
        }

        lifetime.StopApplication();
    }
}

/// <summary>Ends the process without running anything more. <c>Program</c> alone can make one that does.</summary>
/// <param name="now">Takes the exit code and the last line to print.</param>
internal sealed class ImmediateExit(Action<int, string> now)
{
    /// <summary>Ends the process.</summary>
    public void Now(int exitCode, string lastLine) => now(exitCode, lastLine);
}
