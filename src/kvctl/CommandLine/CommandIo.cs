using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.CommandLine;

/// <summary>What a command reads from and writes to; a test gives it memory.</summary>
internal sealed class CommandIo
{
    /// <summary>The standard input, as bytes.</summary>
    public required Stream Input { get; init; }

    /// <summary>The standard output, as bytes: values are written exactly.</summary>
    public required Stream Output { get; init; }

    /// <summary>Where messages and progress go.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether a person looks at the output.</summary>
    public bool IsOutputTerminal { get; init; }

    /// <summary>Reads an environment variable.</summary>
    public Func<string, string?> Environment { get; init; } = _ => null;

    /// <summary>Writes one line for a person to the standard error. It may hold what a server said: what could act on a terminal is escaped here.</summary>
    public void Note(string line) => Error.WriteLine("kvctl: " + Escape.Terminal(line));

    public static CommandIo OfProcess() => new()
    {
        Input = Console.OpenStandardInput(),
        Output = Console.OpenStandardOutput(),
        Error = Console.Error,
        IsOutputTerminal = !Console.IsOutputRedirected,
        Environment = System.Environment.GetEnvironmentVariable,
    };
}
