using System.Text;
using RaftStore.Kvctl.CommandLine;

namespace RaftStore.Kvctl.Tests.Fakes;

/// <summary>Runs a command line in this process, with memory for a terminal.</summary>
internal static class Shell
{
    public sealed record Ran(int Code, byte[] Output, string Error)
    {
        public string Text => Encoding.UTF8.GetString(Output);
    }

    public static Task<Ran> RunAsync(ScriptedServer server, params string[] args) =>
        RunAsync([server.Endpoint], args);

    public static Task<Ran> RunAsync(Uri[] endpoints, params string[] args) =>
        RunAsync([.. args, .. Endpoints(args, endpoints)], [], isTerminal: false, _ => null);

    public static Task<Ran> RunAsync(Uri[] endpoints, CancellationToken interrupt, params string[] args) =>
        RunAsync([.. args, .. Endpoints(args, endpoints)], [], isTerminal: false, _ => null, interrupt);

    /// <summary>Interrupts it as soon as a line of its standard error holds a text.</summary>
    public static async Task<Ran> RunUntilAsync(Uri[] endpoints, string said, params string[] args)
    {
        using var interrupt = new CancellationTokenSource();
        return await RunAsync([.. args, .. Endpoints(args, endpoints)], [], isTerminal: false, _ => null, new WatchedWriter(said, interrupt), interrupt.Token);
    }

    public static Task<Ran> RunAsync(string[] args, byte[] input, bool isTerminal, Func<string, string?> environment, CancellationToken interrupt = default) =>
        RunAsync(args, input, isTerminal, environment, new StringWriter(), interrupt);

    private static async Task<Ran> RunAsync(string[] args, byte[] input, bool isTerminal, Func<string, string?> environment, StringWriter error, CancellationToken interrupt)
    {
        var output = new MemoryStream();
        int code = await CommandRunner.RunAsync(args, new CommandIo
        {
            Input = new MemoryStream(input),
            Output = output,
            Error = error,
            IsOutputTerminal = isTerminal,
            Environment = environment,
        }, interrupt);
        return new Ran(code, output.ToArray(), error.ToString());
    }

    /// <summary>The option goes before a lone <c>--</c>, so the caller who has one names the endpoints by environment.</summary>
    private static string[] Endpoints(string[] args, Uri[] endpoints) =>
        args.Contains("--") ? throw new ArgumentException("use the environment") : ["--endpoints", string.Join(',', endpoints.Select(endpoint => endpoint.ToString()))];
}
