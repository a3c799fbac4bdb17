using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>history KEY</c>: the past of one key, newest first, as far back as it can be read.</summary>
internal static class HistoryCommand
{
    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var key = new Argument<string>("KEY") { Description = "The key." };
        var limit = new Option<long?>("--limit") { Description = "Stop after this many lines.", HelpName = "N" };
        var command = new Command(
            "history",
            "Prints what a key held, newest first, as far back as history goes: revision, version and value between tabs, or revision and «deleted».")
        {
            key, limit,
        };
        CommandRunner.SetAction(command, isWrite: false, options, io, (session, cancellationToken) =>
        {
            long limitValue = session.Parsed.GetValue(limit) ?? long.MaxValue;
            if (limitValue < 1)
            {
                throw new UsageException($"--limit {limitValue} is less than 1");
            }

            string name = session.Parsed.GetValue(key)!;
            IAsyncEnumerable<Step> steps = WalkAsync(session, Session.KeyBytes("key", name), cancellationToken);
            return session.IsJson ? PrintJsonAsync(session, steps, limitValue) : PrintTextAsync(session, steps, limitValue, name);
        });
        return command;
    }

    private static async Task<int> PrintTextAsync(Session session, IAsyncEnumerable<Step> steps, long limit, string key)
    {
        long count = 0;
        await foreach (Step step in steps)
        {
            if (step.Compacted)
            {
                session.Note("what was before is compacted");
                break;
            }

            session.Print(step.Item is { } item
                ? string.Create(CultureInfo.InvariantCulture, $"{item.ModRevision}\t{item.Version}\t{Escape.Line(item.Value.Span)}\n")
                : string.Create(CultureInfo.InvariantCulture, $"{step.DeletedRevision}\tdeleted\n"));
            if (++count == limit)
            {
                return ExitCode.Ok;
            }
        }

        if (count > 0)
        {
            return ExitCode.Ok;
        }

        session.Note($"no such key: {Escape.Line(key)}");
        return ExitCode.NotFound;
    }

    private static async Task<int> PrintJsonAsync(Session session, IAsyncEnumerable<Step> steps, long limit)
    {
        await using Utf8JsonWriter json = Json.To(session.Io.Output);
        long count = 0;
        bool isCompacted = false;
        json.WriteStartObject();
        json.WriteStartArray("versions");
        await foreach (Step step in steps)
        {
            isCompacted = step.Compacted;
            if (isCompacted)
            {
                break;
            }

            json.WriteStartObject();
            if (step.Item is { } item)
            {
                Json.WriteItem(json, item);
            }
            else
            {
                json.WriteNumber("modRevision", step.DeletedRevision);
                json.WriteBoolean("deleted", true);
            }

            json.WriteEndObject();
            await json.FlushAsync();
            if (++count == limit)
            {
                break;
            }
        }

        json.WriteEndArray();
        json.WriteBoolean("compacted", isCompacted);
        json.WriteEndObject();
        await json.FlushAsync();
        session.Print("\n");
        return count > 0 ? ExitCode.Ok : ExitCode.NotFound;
    }

    /// <summary>From each version to the revision below the one that made it. It ends where the key has no past, or with a step that says
    /// that the past is compacted.</summary>
    private static async IAsyncEnumerable<Step> WalkAsync(Session session, ReadOnlyMemory<byte> key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long? revision = null;
        while (true)
        {
            GetResult? result = await ReadAsync(session, key, revision, cancellationToken);
            if (result is null)
            {
                yield return new Step(null, 0, Compacted: true);
                yield break;
            }

            long made = result.Item?.ModRevision ?? result.DeletedRevision ?? 0;
            if (made == 0)
            {
                yield break;
            }

            yield return new Step(result.Item, result.Item is null ? made : 0, Compacted: false);
            revision = made - 1;
        }
    }

    /// <summary>The key at a revision; null where that is compacted.</summary>
    private static async Task<GetResult?> ReadAsync(Session session, ReadOnlyMemory<byte> key, long? revision, CancellationToken cancellationToken)
    {
        try
        {
            return await session.Client.GetAsync(key, new ReadOptions { Consistency = session.Consistency, Revision = revision }, cancellationToken);
        }
        catch (RaftStoreException e) when (e.Status == 410 && revision is not null)
        {
            return null;
        }
    }

    /// <summary>One step into the past: a version, or the revision that deleted the key, or the end of what can be read.</summary>
    private sealed record Step(KvItem? Item, long DeletedRevision, bool Compacted);
}
