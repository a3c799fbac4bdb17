using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>list [PREFIX]</c>: keys and values in byte order, all of one revision.</summary>
internal static class ListCommand
{
    public static Command Create(GlobalOptions globals, CommandIo io)
    {
        var prefix = new Argument<string?>("PREFIX") { Description = "List the keys that begin so; without it, all.", Arity = ArgumentArity.ZeroOrOne };
        var limit = new Option<long?>("--limit") { Description = "Stop after this many keys.", HelpName = "N" };
        var keysOnly = new Option<bool>("--keys-only") { Description = "Leave out the values." };
        var count = new Option<bool>("--count") { Description = "Print only how many keys there are." };
        var revision = new Option<long?>("--revision") { Description = "List the past: the keys as they were at this revision of the store.", HelpName = "N" };
        var command = new Command(
            "list",
            "Lists keys and values in byte order, all of one revision: a key, a tab, its value on each line, with control characters and backslashes escaped.")
        {
            prefix, limit, keysOnly, count, revision,
        };
        CommandRunner.SetAction(command, isWrite: false, globals, io, async (session, cancellationToken) =>
        {
            long limitValue = session.Parsed.GetValue(limit) ?? long.MaxValue;
            if (limitValue < 1)
            {
                throw new UsageException($"--limit {limitValue} is less than 1");
            }

            long? past = session.Parsed.GetValue(revision);
            if (past < 0)
            {
                throw new UsageException($"--revision {past} is less than 0");
            }

            KeyRange range = KeyRange.Prefix(Session.KeyBytes("prefix", session.Parsed.GetValue(prefix) ?? ""));
            if (session.Parsed.GetValue(count))
            {
                return await CountAsync(session, range, past, cancellationToken);
            }

            // The size of the pages is part of the query a cursor is bound to: it stays the same to the end.
            var options = new ListOptions
            {
                KeysOnly = session.Parsed.GetValue(keysOnly),
                Consistency = session.Consistency,
                Revision = past,
                PageSize = (int)Math.Min(limitValue, ListOptions.PageSizeMax),
            };
            return session.IsJson
                ? await ListJsonAsync(session, range, limitValue, options, cancellationToken)
                : await ListTextAsync(session, range, limitValue, options, cancellationToken);
        });
        return command;
    }

    private static async Task<int> CountAsync(Session session, KeyRange range, long? revision, CancellationToken cancellationToken)
    {
        long count = await session.Client.CountAsync(range, new ListOptions { Consistency = session.Consistency, Revision = revision }, cancellationToken);
        session.Print((session.IsJson ? Json.Write(json => json.WriteNumber("count", count)) : count.ToString(CultureInfo.InvariantCulture)) + "\n");
        return ExitCode.Ok;
    }

    private static async Task<int> ListTextAsync(Session session, KeyRange range, long limit, ListOptions options, CancellationToken cancellationToken)
    {
        await foreach (ListPage page in PagesAsync(session, range, limit, options, cancellationToken))
        {
            var text = new StringBuilder();
            foreach (KvItem item in page.Items)
            {
                text.Append(Escape.Line(item.Key.Span));
                if (!options.KeysOnly)
                {
                    text.Append('\t').Append(Escape.Line(item.Value.Span));
                }

                text.Append('\n');
            }

            session.Print(text.ToString());
        }

        return ExitCode.Ok;
    }

    private static async Task<int> ListJsonAsync(Session session, KeyRange range, long limit, ListOptions options, CancellationToken cancellationToken)
    {
        await using Utf8JsonWriter json = Json.To(session.Io.Output);
        long count = 0;
        bool isFirst = true;
        await foreach (ListPage page in PagesAsync(session, range, limit, options, cancellationToken))
        {
            if (isFirst)
            {
                json.WriteStartObject();
                json.WriteNumber("revision", page.Revision);
                json.WriteStartArray("items");
                isFirst = false;
            }

            foreach (KvItem item in page.Items)
            {
                json.WriteStartObject();
                Json.WriteItem(json, item, withValue: !options.KeysOnly);
                json.WriteEndObject();
                count++;
            }

            await json.FlushAsync(cancellationToken);
        }

        json.WriteEndArray();
        json.WriteNumber("count", count);
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
        session.Print("\n");
        return ExitCode.Ok;
    }

    /// <summary>The pages of the listing up to the limit; always at least one.</summary>
    private static async IAsyncEnumerable<ListPage> PagesAsync(
        Session session, KeyRange range, long limit, ListOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            ListPage page = await session.Client.ListPageAsync(range, options, cursor, cancellationToken);
            yield return page.Items.Count <= limit ? page : new ListPage { Revision = page.Revision, Items = [.. page.Items.Take((int)limit)] };
            limit -= page.Items.Count;
            cursor = page.Cursor;
        }
        while (cursor is not null && limit > 0);
    }
}
