using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace RaftStore.Server.Tests.Support;

/// <summary>The executable as a process of its own, for what only a process shows: exit codes, signals and last lines.</summary>
internal sealed partial class RaftStoreProcess : IDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private RaftStoreProcess(IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "raftstore.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Add(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Add(_errors, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => Read(_output);

    public string Errors => Read(_errors);

    public static RaftStoreProcess Start(params string[] arguments) => new(arguments);

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, string Errors)> RunAsync(params string[] arguments)
    {
        using RaftStoreProcess process = new(arguments);
        int exitCode = await process.ExitAsync();
        return (exitCode, process.Errors);
    }

    /// <summary>A port that is this process's alone.</summary>
    public static int FreePort() => Ports.Next();

    public Task PrintsAsync(string text) => TestServer.UntilAsync(() => Task.FromResult(Output.Contains(text, StringComparison.Ordinal)), $"'{text}' is printed; there is: {Output}{Errors}");

    public void Terminate() => Assert.Equal(0, Kill(_process.Id, SigTerm));

    public async Task<int> ExitAsync()
    {
        using CancellationTokenSource deadline = new(Deadline);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static void Add(StringBuilder to, string? line)
    {
        if (line is not null)
        {
            lock (to)
            {
                to.AppendLine(line);
            }
        }
    }

    private static string Read(StringBuilder from)
    {
        lock (from)
        {
            return from.ToString();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
