using System.Diagnostics;

namespace RaftStore.Cluster.Tests.Harness;

/// <summary>One run of the server. It ends with this object, whatever it was doing.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];

    private ServerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it printed so far, on both streams.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Starts the server.</summary>
    /// <param name="runner">A program that runs it, with its arguments; empty for none. It must replace itself by the server.</param>
    public static ServerProcess Start(IEnumerable<string> arguments, IReadOnlyList<string>? runner = null) => StartProgram(ServerProgram.DllPath, arguments, runner ?? []);

    /// <summary>Runs <c>kvctl</c> to its end.</summary>
    public static async Task<(int Code, string Output)> KvctlAsync(params string[] arguments)
    {
        using ServerProcess kvctl = StartProgram(ServerProgram.KvctlPath, arguments, []);
        int code = await kvctl.ExitCodeAsync();
        return (code, kvctl.Output);
    }

    private static ServerProcess StartProgram(string program, IEnumerable<string> arguments, IReadOnlyList<string> runner)
    {
        string[] command = [.. runner, ServerProgram.DotnetPath, program, .. arguments];
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        return new ServerProcess(Process.Start(start)!);
    }

    public void Signal(int signal) => Signals.Send(_process.Id, signal);

    /// <summary>Ends it at once, as a crash would, and returns when it is gone.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            Signal(Signals.Kill);
        }

        _process.WaitForExit();
    }

    /// <summary>Its exit code, once it has ended by itself and all it printed was read.</summary>
    public async Task<int> ExitCodeAsync(TimeSpan? deadline = null)
    {
        using var over = new CancellationTokenSource(deadline ?? Eventually.Deadline);
        try
        {
            await _process.WaitForExitAsync(over.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"The server did not end. It printed:\n{Output}");
        }

        return _process.ExitCode;
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null)
        {
            lock (_lines)
            {
                _lines.Add(line.Data);
            }
        }
    }
}
