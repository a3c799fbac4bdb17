using System.CommandLine;
using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>put KEY VALUE</c>: writes a key; when it returns 0, a majority has the value on disk.</summary>
internal static class PutCommand
{
    /// <summary>The largest value that any server can be set to take.</summary>
    private const int ValueBytesMax = 16 * 1024 * 1024;

    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var key = new Argument<string>("KEY") { Description = "The key." };
        var value = new Argument<string>("VALUE") { Description = "The value; - reads it from the standard input, byte for byte." };
        var ifRevision = new Option<long?>("--if-revision") { Description = "Only if the key was last changed by this revision; 0: only if it does not exist.", HelpName = "N" };
        var ifAbsent = new Option<bool>("--if-absent") { Description = "Only if the key does not exist." };
        var prev = new Option<bool>("--prev") { Description = "Also print the value that was replaced." };
        var command = new Command("put", "Writes a key. When this returns 0, a majority has the value on disk.") { key, value, ifRevision, ifAbsent, prev };
        CommandRunner.SetAction(command, isWrite: true, options, io, async (session, cancellationToken) =>
        {
            WriteCondition condition = Condition(session.Parsed.GetValue(ifRevision), session.Parsed.GetValue(ifAbsent));
            byte[] keyBytes = Session.KeyBytes("key", session.Parsed.GetValue(key)!);
            string text = session.Parsed.GetValue(value)!;
            byte[] bytes = text == "-" ? await ReadAllAsync(io.Input, cancellationToken) : Session.Utf8Bytes("value", text);
            var putOptions = new PutOptions { Condition = condition, WithPrevious = session.Parsed.GetValue(prev) };
            PutResult result = await session.Client.PutAsync(keyBytes, bytes, putOptions, cancellationToken);
            return Report(session, putOptions, result);
        });
        return command;
    }

    private static WriteCondition Condition(long? ifRevision, bool ifAbsent) => (ifRevision, ifAbsent) switch
    {
        (not null, true) => throw new UsageException("--if-revision and --if-absent exclude each other"),
        ( < 0, _) => throw new UsageException($"--if-revision {ifRevision} is negative"),
        ({ } revision, _) => WriteCondition.IfRevision(revision),
        (null, true) => WriteCondition.IfAbsent,
        (null, false) => WriteCondition.None,
    };

    private static int Report(Session session, PutOptions options, PutResult result)
    {
        if (session.IsJson)
        {
            session.Print(Json.Write(json =>
            {
                json.WriteBoolean("applied", result.Applied);
                json.WriteNumber("revision", result.Revision);
                if (!result.Applied)
                {
                    Json.WriteOptional(json, "currentModRevision", result.CurrentModRevision);
                    return;
                }

                json.WriteNumber("version", result.Version);
                if (options.WithPrevious && result.Previous is { } previous)
                {
                    json.WriteStartObject("prev");
                    Json.WriteItem(json, previous);
                    json.WriteEndObject();
                }
                else if (options.WithPrevious)
                {
                    json.WriteNull("prev");
                }
            }) + "\n");
        }
        else if (result.Applied)
        {
            session.Print($"revision {result.Revision}, version {result.Version}\n");
            if (options.WithPrevious)
            {
                session.Print(result.Previous is { } previous ? $"previous {Escape.Line(previous.Value.Span)}\n" : "previous (none)\n");
            }
        }

        if (result.Applied)
        {
            return ExitCode.Ok;
        }

        session.Note("the condition does not hold; not applied" + result.CurrentModRevision switch
        {
            null => "",
            0 => " (the key does not exist)",
            { } revision => $" (the key is at revision {revision})",
        });
        return ExitCode.ConditionFailed;
    }

    private static async Task<byte[]> ReadAllAsync(Stream input, CancellationToken cancellationToken)
    {
        var bytes = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        int count;
        while ((count = await input.ReadAsync(buffer, cancellationToken)) > 0)
        {
            bytes.Write(buffer, 0, count);
            if (bytes.Length > ValueBytesMax)
            {
                throw new UsageException("the value on the standard input is larger than 16 MiB, which no server takes");
            }
        }

        return bytes.ToArray();
    }
}
