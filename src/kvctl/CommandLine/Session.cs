using System.CommandLine;
using System.Text;
using RaftStore.Client;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.CommandLine;

/// <summary>One run of one command: its parsed options, its client, and where it writes.</summary>
internal sealed class Session : IDisposable
{
    private const int KeyBytesMax = 4096;

    private RaftStoreClient? _client;

    public Session(ParseResult parsed, GlobalOptions options, CommandIo io)
    {
        Parsed = parsed;
        Io = io;
        IsJson = options.IsJson(parsed);
        Consistency = options.Consistency(parsed);
        Timeout = options.Timeout(parsed);
        (Endpoints, EndpointsAreGiven) = options.Endpoints(parsed, io);
    }

    public ParseResult Parsed { get; }

    public CommandIo Io { get; }

    public bool IsJson { get; }

    public ReadConsistency Consistency { get; }

    public TimeSpan Timeout { get; }

    public IReadOnlyList<Uri> Endpoints { get; }

    /// <summary>Whether the user named the endpoints; of the default ones, nobody need listen on every one.</summary>
    public bool EndpointsAreGiven { get; }

    public RaftStoreClient Client => _client ??= new RaftStoreClient(new RaftStoreClientOptions { Endpoints = Endpoints, Timeout = Timeout });

    public void Dispose() => _client?.Dispose();

    /// <summary>A key, or a prefix, given on the command line, as bytes.</summary>
    /// <exception cref="UsageException">The argument was not UTF-8, or is longer than any key.</exception>
    public static byte[] KeyBytes(string what, string text)
    {
        byte[] bytes = Utf8Bytes(what, text);
        return bytes.Length switch
        {
            0 when what == "key" => throw new UsageException("the key is empty; a key has at least one byte"),
            > KeyBytesMax => throw new UsageException($"the {what} has {bytes.Length} bytes; {KeyBytesMax} is the most"),
            _ => bytes,
        };
    }

    /// <summary>The bytes of an argument, if they are what the user typed.</summary>
    /// <remarks>The runtime replaces bytes that are not UTF-8 by U+FFFD; acting on that would touch another key.</remarks>
    public static byte[] Utf8Bytes(string what, string text) => text.Contains('\uFFFD', StringComparison.Ordinal)
        ? throw new UsageException($"the {what} is not valid UTF-8")
        : Encoding.UTF8.GetBytes(text);

    /// <summary>Writes text, or JSON, to the standard output. What a server or a stored value could do to a terminal by it is escaped here, whatever
    /// the command has escaped before.</summary>
    public void Print(string text) => Io.Output.Write(Encoding.UTF8.GetBytes(IsJson ? text : Escape.Terminal(text)));

    /// <summary>Writes one line to the standard error, escaped likewise.</summary>
    public void Note(string line) => Io.Note(line);
}
