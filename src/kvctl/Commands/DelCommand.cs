using System.CommandLine;
using System.Globalization;
using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>del KEY</c> and <c>del --prefix P</c>.</summary>
internal static class DelCommand
{
    private const int ProgressPeriodMs = 1000;

    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var key = new Argument<string?>("KEY") { Description = "The key.", Arity = ArgumentArity.ZeroOrOne };
        var prefix = new Option<string?>("--prefix") { Description = "Delete every key that begins so; where these are more than one deletion may delete (10,000 at first), in several batches, each its own revision.", HelpName = "P" };
        var command = new Command("del", "Deletes a key, or every key with a prefix. Exits with 1 when there was nothing to delete.") { key, prefix };
        CommandRunner.SetAction(command, isWrite: true, options, io, async (session, cancellationToken) =>
        {
            DeleteResult result = (session.Parsed.GetValue(key), session.Parsed.GetValue(prefix)) switch
            {
                ({ } one, null) => await session.Client.DeleteAsync(Session.KeyBytes("key", one), cancellationToken: cancellationToken),
                (null, { Length: > 0 } many) => await DeletePrefixAsync(session, Session.KeyBytes("prefix", many), cancellationToken),
                (null, { }) => throw new UsageException("--prefix is empty; it would delete everything"),
                _ => throw new UsageException("give either a KEY or --prefix P"),
            };
            return Report(session, result);
        });
        return command;
    }

    private static int Report(Session session, DeleteResult result)
    {
        if (session.IsJson)
        {
            session.Print(Json.Write(json =>
            {
                json.WriteNumber("revision", result.Revision);
                json.WriteNumber("deleted", result.Deleted);
            }) + "\n");
        }
        else if (result.Deleted > 0)
        {
            session.Print(string.Create(CultureInfo.InvariantCulture, $"deleted {result.Deleted}, revision {result.Revision}\n"));
        }
        else
        {
            session.Note("there was nothing to delete");
        }

        return result.Deleted > 0 ? ExitCode.Ok : ExitCode.NotFound;
    }

    /// <summary>
    /// Deletes a prefix at once where the server allows it, else page by page from the front. No cursor is kept across
    /// batches, so neither compaction nor concurrent writers can end it early.
    /// </summary>
    public static async Task<DeleteResult> DeletePrefixAsync(Session session, byte[] prefix, CancellationToken cancellationToken)
    {
        KeyRange everything = KeyRange.Prefix(prefix);
        if (await TryDeleteAsync(session.Client, everything, cancellationToken) is { } atOnce)
        {
            return atOnce;
        }

        long deleted = 0;
        int pageSize = ListOptions.PageSizeMax;
        long shownUntil = 0;
        try
        {
            while (true)
            {
                ListPage page = await session.Client.ListPageAsync(everything, new ListOptions { KeysOnly = true, PageSize = pageSize }, cancellationToken: cancellationToken);
                bool isLast = page.Items.Count < 2 || (page.Cursor is null && pageSize == ListOptions.PageSizeMax);

                // The end is exclusive, and a key may be as long as a key can be: the last one goes with the next batch.
                KeyRange batch = isLast ? everything : KeyRange.Between(page.Items[0].Key, page.Items[^1].Key);
                if (await TryDeleteAsync(session.Client, batch, cancellationToken) is not { } result)
                {
                    // The cluster allows fewer keys than a page holds.
                    pageSize = Math.Max(2, pageSize / 2);
                    continue;
                }

                deleted += result.Deleted;
                if (isLast)
                {
                    return new DeleteResult { Applied = true, Revision = result.Revision, Deleted = deleted };
                }

                if (Environment.TickCount64 >= shownUntil)
                {
                    session.Note(string.Create(CultureInfo.InvariantCulture, $"deleted {deleted} keys so far"));
                    shownUntil = Environment.TickCount64 + ProgressPeriodMs;
                }
            }
        }
        catch (Exception e) when (e is RaftStoreException or OperationCanceledException)
        {
            session.Note(string.Create(CultureInfo.InvariantCulture, $"stopped after {deleted} keys; the rest is still there, and the same command goes on with it"));
            throw;
        }
    }

    /// <summary>Deletes a range; null when it holds more keys than one revision may touch.</summary>
    private static async Task<DeleteResult?> TryDeleteAsync(RaftStoreClient client, KeyRange range, CancellationToken cancellationToken)
    {
        try
        {
            return await client.DeleteRangeAsync(range, cancellationToken);
        }
        catch (RaftStoreException e) when (e is { Status: 413, Type: "urn:raftstore:error:range-too-large" })
        {
            return null;
        }
    }
}
