using System.CommandLine;
using System.Globalization;
using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>get KEY</c>: prints the value, byte for byte.</summary>
internal static class GetCommand
{
    private static readonly byte[] NewLine = [(byte)'\n'];

    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var key = new Argument<string>("KEY") { Description = "The key." };
        var meta = new Option<bool>("--meta") { Description = "Print revisions, version and size instead of the value." };
        var revision = new Option<long?>("--revision") { Description = "Read the past: what the key held at this revision of the store.", HelpName = "N" };
        var minRevision = new Option<long?>("--min-revision") { Description = "Wait until the node that answers has this revision, such as that of your last write.", HelpName = "N" };
        var maxStaleness = new Option<string?>("--max-staleness") { Description = "With --consistency stale: pass over nodes that may be further behind than this, such as 2s.", HelpName = "DURATION" };
        var command = new Command("get", "Prints the value of a key, byte for byte; on a terminal, escaped and with a newline.") { key, meta, revision, minRevision, maxStaleness };
        CommandRunner.SetAction(command, isWrite: false, options, io, (session, cancellationToken) =>
        {
            ReadOptions read = Options(session, session.Parsed.GetValue(revision), session.Parsed.GetValue(minRevision) ?? 0, session.Parsed.GetValue(maxStaleness));
            return RunAsync(session, session.Parsed.GetValue(key)!, read, session.Parsed.GetValue(meta), cancellationToken);
        });
        return command;
    }

    private static ReadOptions Options(Session session, long? revision, long minRevision, string? maxStaleness)
    {
        if (revision < 0)
        {
            throw new UsageException($"--revision {revision} is less than 0");
        }

        if (minRevision < 0)
        {
            throw new UsageException($"--min-revision {minRevision} is less than 0");
        }

        if (maxStaleness is not null && session.Consistency != ReadConsistency.Stale)
        {
            throw new UsageException("--max-staleness goes with --consistency stale; a linearizable read is never stale");
        }

        return new ReadOptions
        {
            Consistency = session.Consistency,
            Revision = revision,
            MinRevision = minRevision,
            MaxStaleness = maxStaleness is null ? null : Durations.Parse("--max-staleness", maxStaleness),
        };
    }

    private static async Task<int> RunAsync(Session session, string key, ReadOptions options, bool isMeta, CancellationToken cancellationToken)
    {
        GetResult result = await session.Client.GetAsync(Session.KeyBytes("key", key), options, cancellationToken);
        if (result.Item is not { } item)
        {
            session.Note($"no such key: {Escape.Line(key)}");
            return ExitCode.NotFound;
        }

        if (session.IsJson)
        {
            session.Print(Json.Write(json =>
            {
                Json.WriteItem(json, item);
                json.WriteNumber("revision", result.Revision);
                Json.WriteOptional(json, "node", result.Node);
                Json.WriteOptional(json, "stalenessMs", (long?)result.Staleness?.TotalMilliseconds);
            }) + "\n");
        }
        else if (isMeta)
        {
            session.Print(Meta(result, item));
        }
        else if (session.Io.IsOutputTerminal)
        {
            session.Print(Escape.Terminal(item.Value.Span));
            session.Io.Output.Write(NewLine);
        }
        else
        {
            session.Io.Output.Write(item.Value.Span);
        }

        return ExitCode.Ok;
    }

    private static string Meta(GetResult result, KvItem item)
    {
        string staleness = result.Staleness is { } age ? string.Create(CultureInfo.InvariantCulture, $"staleness        at most {age.TotalMilliseconds:0} ms\n") : "";
        return string.Create(CultureInfo.InvariantCulture, $"""
            key              {Escape.Line(item.Key.Span)}
            size             {item.Value.Length} bytes
            create revision  {item.CreateRevision}
            mod revision     {item.ModRevision}
            version          {item.Version}
            store revision   {result.Revision}

            """) + staleness;
    }
}
