using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>settings</c>: shows what the cluster's settings are; <c>settings set</c> changes some of them.</summary>
internal static class SettingsCommand
{
    private static readonly (string Suffix, int Shift)[] SizeUnits = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];

    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var command = new Command("settings", "Shows the cluster's settings: the limits that every node applies alike.");
        CommandRunner.SetAction(command, isWrite: false, options, io, async (session, cancellationToken) =>
        {
            Print(session, await session.Client.SettingsAsync(session.Consistency, cancellationToken));
            return ExitCode.Ok;
        });

        var changes = new Argument<string[]>("NAME=VALUE")
        {
            Description = "A setting and its new value: bytes as 1073741824 or 1GiB, times as 500ms, 10s, 5m or 1h.",
            Arity = ArgumentArity.OneOrMore,
        };
        var set = new Command("set", "Changes some of the cluster's settings, all of them or none, and shows them all.") { changes };
        CommandRunner.SetAction(set, isWrite: true, options, io, async (session, cancellationToken) =>
        {
            Print(session, await session.Client.ChangeSettingsAsync(Parse(session.Parsed.GetValue(changes) ?? []), cancellationToken));
            return ExitCode.Ok;
        });
        command.Subcommands.Add(set);
        return command;
    }

    /// <summary>Cuts <c>NAME=VALUE</c> apart; which names and values there are, the server knows.</summary>
    /// <exception cref="UsageException">An argument has another form, or a name comes twice.</exception>
    private static Dictionary<string, string> Parse(string[] arguments)
    {
        Dictionary<string, string> changes = [];
        foreach (string argument in arguments)
        {
            int equals = argument.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == argument.Length - 1)
            {
                throw new UsageException($"'{argument}' is not NAME=VALUE, such as quotaBytes=4GiB");
            }

            if (!changes.TryAdd(argument[..equals], ToBytes(argument[(equals + 1)..])))
            {
                throw new UsageException($"'{argument[..equals]}' is given twice");
            }
        }

        return changes;
    }

    private static string ToBytes(string value)
    {
        foreach ((string suffix, int shift) in SizeUnits)
        {
            if (value.EndsWith(suffix, StringComparison.Ordinal)
                && long.TryParse(value.AsSpan(0, value.Length - suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                && number <= long.MaxValue >> shift)
            {
                return (number << shift).ToString(CultureInfo.InvariantCulture);
            }
        }

        return value;
    }

    private static void Print(Session session, ClusterSettings settings)
    {
        if (session.IsJson)
        {
            session.Print(Json.Write(json => Write(json, settings)) + "\n");
        }
        else
        {
            Tables.Print(session.Io, ["setting", "value"], settings.All.Select(setting => new[] { setting.Key, setting.Value }));
        }
    }

    private static void Write(Utf8JsonWriter json, ClusterSettings settings)
    {
        foreach ((string name, string value) in settings.All)
        {
            if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                json.WriteNumber(name, number);
            }
            else
            {
                json.WriteString(name, value);
            }
        }
    }
}
