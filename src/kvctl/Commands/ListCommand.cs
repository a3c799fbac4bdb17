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
    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var prefix = new Argument<string?>("PREFIX") { Description = "List the keys that begin so; without it, all.", Arity = ArgumentArity.ZeroOrOne };
        var limit = new Option<long?>("--limit") { Description = "Stop after this many keys.", HelpName = "N" };
        var keysOnly = new Option<bool>("--keys-only") { Description = "Leave out the values." };
        var count = new Option<bool>("--count") { Description = "Print only how many keys there are." };
        var command = new Command(
            "list",
            "Lists keys and values in byte order, all of one revision: a key, a tab, its value on each line, with control characters and backslashes escaped.")
        {
            prefix, limit, keysOnly, count,
        };
        CommandRunner.SetAction(command, isWrite: false, options, io, async (session, cancellationToken) =>
        {
            long limitValue = session.Parsed.GetValue(limit) ?? long.MaxValue;
            if (limitValue < 1)
            {
                throw new UsageException($"--limit {limitValue} is less than 1");
            }

            KeyRange range = KeyRange.Prefix(Session.KeyBytes("prefix", session.Parsed.GetValue(prefix) ?? ""));
            if (session.Parsed.GetValue(count))
            {
                return await CountAsync(session, range, cancellationToken);
            }

            bool isKeysOnly = session.Parsed.GetValue(keysOnly);
            return session.IsJson
                ? await ListJsonAsync(session, range, limitValue, isKeysOnly, cancellationToken)
                : await ListTextAsync(session, range, limitValue, isKeysOnly, cancellationToken);
        });
        return command;
    }

    private static async Task<int> CountAsync(Session session, KeyRange range, CancellationToken cancellationToken)
    {
        long count = await session.Client.CountAsync(range, session.Consistency, cancellationToken);
        session.Print((session.IsJson ? Json.Write(json => json.WriteNumber("count", count)) : count.ToString(CultureInfo.InvariantCulture)) + "\n");
        return ExitCode.Ok;
    }

    private static async Task<int> ListTextAsync(Session session, KeyRange range, long limit, bool isKeysOnly, CancellationToken cancellationToken)
    {
        await foreach (ListPage page in PagesAsync(session, range, limit, isKeysOnly, cancellationToken))
        {
            var text = new StringBuilder();
            foreach (KvItem item in page.Items)
            {
                text.Append(Escape.Line(item.Key.Span));
                if (!isKeysOnly)
                {
                    text.Append('\t').Append(Escape.Line(item.Value.Span));
                }

                text.Append('\n');
            }

            session.Print(text.ToString());
        }

        return ExitCode.Ok;
    }

    private static async Task<int> ListJsonAsync(Session session, KeyRange range, long limit, bool isKeysOnly, CancellationToken cancellationToken)
    {
        await using Utf8JsonWriter json = Json.To(session.Io.Output);
        long count = 0;
        bool isFirst = true;
        await foreach (ListPage page in PagesAsync(session, range, limit, isKeysOnly, cancellationToken))
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
                Json.WriteItem(json, item, withValue: !isKeysOnly);
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
        Session session, KeyRange range, long limit, bool isKeysOnly, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The size of the pages is part of the query a cursor is bound to: it stays the same to the end.
        var options = new ListOptions
        {
            KeysOnly = isKeysOnly,
            Consistency = session.Consistency,
            PageSize = (int)Math.Min(limit, ListOptions.PageSizeMax),
        };
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
