using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using RaftStore.Client;
using RaftStore.Kvctl.Commands;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.CommandLine;

/// <summary>Runs one command line from its words to its exit code. Every failure becomes one line here, and nowhere else.</summary>
internal static class CommandRunner
{
    /// <summary>How long an interrupted command may take to put right what it changed: <c>check</c> restarts the nodes that it killed.</summary>
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Runs and returns the exit code (see <see cref="ExitCode"/>).</summary>
    public static async Task<int> RunAsync(string[] args, CommandIo io, CancellationToken cancellationToken = default)
    {
        var options = new GlobalOptions();
        RootCommand root = BuildRoot(options, io);
        ParseResult parsed = root.Parse(args, new ParserConfiguration
        {
            EnablePosixBundling = false,

            // A value that begins with '@' is a value, not the name of a file.
            ResponseFileTokenReplacer = null,
        });

        if (Problem(parsed) is { } problem)
        {
            io.Note(problem);
            io.Error.WriteLine($"Try: {CommandPath(parsed)} --help");
            return ExitCode.Usage;
        }

        using var output = new StreamWriter(io.Output, new UTF8Encoding(false), leaveOpen: true);
        return await parsed.InvokeAsync(
            new InvocationConfiguration { Output = output, Error = io.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TerminationTimeout },
            cancellationToken);
    }

    /// <summary>Gives a command its action: opens the session, runs it, and turns whatever it throws into a line and a code.</summary>
    /// <param name="command">The command to give the action to.</param>
    /// <param name="isWrite">Whether the command may have changed the store when it is interrupted.</param>
    /// <param name="options">The global options.</param>
    /// <param name="io">Where it reads and writes.</param>
    /// <param name="run">What it does.</param>
    public static void SetAction(Command command, bool isWrite, GlobalOptions options, CommandIo io, Func<Session, CancellationToken, Task<int>> run) =>
        command.SetAction(async (parsed, cancellationToken) =>
        {
            bool isJson = false;
            try
            {
                using var session = new Session(parsed, options, io);
                isJson = session.IsJson;
                return await run(session, cancellationToken);
            }
            catch (UsageException e)
            {
                io.Note(e.Message);
                return ExitCode.Usage;
            }
            catch (RaftStoreException e)
            {
                return Failures.Report(io, isJson, PathOf(command), e);
            }
            catch (OperationCanceledException)
            {
                io.Error.WriteLine(isWrite ? "kvctl: interrupted; it may have been applied" : "kvctl: interrupted");
                return isWrite ? ExitCode.Unknown : ExitCode.Unavailable;
            }
        });

    private static RootCommand BuildRoot(GlobalOptions options, CommandIo io)
    {
        var root = new RootCommand("Talks to a RaftStore cluster. Any node takes any request.\n\n"
            + "Exit codes: 0 ok · 1 not found · 2 usage · 3 condition failed · 4 unavailable, certainly not applied · 5 outcome unknown · 6 a check failed");
        root.Directives.Clear();
        options.AddTo(root);
        root.Subcommands.Add(PutCommand.Create(options, io));
        root.Subcommands.Add(GetCommand.Create(options, io));
        root.Subcommands.Add(DelCommand.Create(options, io));
        root.Subcommands.Add(ListCommand.Create(options, io));
        root.Subcommands.Add(HistoryCommand.Create(options, io));
        root.Subcommands.Add(CompactCommand.Create(options, io));
        root.Subcommands.Add(StatusCommand.Create(options, io));
        root.Subcommands.Add(SnapshotCommand.Create(options, io));
        root.Subcommands.Add(MemberCommand.Create(options, io));
        root.Subcommands.Add(MemberCommand.CreateTransfer(options, io));
        root.Subcommands.Add(SettingsCommand.Create(options, io));
        root.Subcommands.Add(ChaosCommand.Create(options, io));
        root.Subcommands.Add(BenchCommand.Create(options, io));
        root.Subcommands.Add(SimCommand.Create(options, io));
        root.Subcommands.Add(CheckCommand.Create(options, io));
        return root;
    }

    /// <summary>What is wrong with the command line, the most telling thing first; null when nothing is.</summary>
    private static string? Problem(ParseResult parsed)
    {
        if (MistypedOption(parsed) is { } mistyped)
        {
            return mistyped;
        }

        if (parsed.Errors.Count == 0)
        {
            return null;
        }

        return parsed.UnmatchedTokens.Count > 0 ? $"unknown command or argument '{parsed.UnmatchedTokens[0]}'" : parsed.Errors[0].Message;
    }

    /// <summary>
    /// An argument that looks like an option: the parser would take <c>--prve</c> for a value, and a typing error would
    /// be stored. After <c>--</c> anything goes.
    /// </summary>
    private static string? MistypedOption(ParseResult parsed)
    {
        foreach (Token token in parsed.Tokens)
        {
            if (token.Type == TokenType.DoubleDash)
            {
                return null;
            }

            if (token.Type == TokenType.Argument && token.Value.StartsWith("--", StringComparison.Ordinal))
            {
                return $"unknown option '{token.Value}' (an argument that begins with -- goes after a lone --)";
            }
        }

        return null;
    }

    private static string CommandPath(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "kvctl" : "kvctl " + PathOf(parsed.CommandResult.Command);

    /// <summary>The words of a command, such as <c>snapshot save</c>.</summary>
    private static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent and not RootCommand ? $"{PathOf(parent)} {command.Name}" : command.Name;
}
