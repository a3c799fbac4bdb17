using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>The content of <c>identity.json</c>: JSON for people to read, with a checksum over the text itself, so that an edited
/// or damaged file is not taken for another node's identity.</summary>
/// <remarks>
/// The last member is <c>"crc32c"</c>: eight hexadecimal digits, the CRC-32C of every byte of the file before the comma that
/// precedes it. <c>FORMAT.md</c> has an example.
/// </remarks>
internal static class IdentityFile
{
    /// <summary>The file's name in the data directory.</summary>
    internal const string Name = "identity.json";

    /// <summary>The longest identity: 7 founders with names and addresses take 2 KiB; this leaves room for hundreds.</summary>
    internal const int LengthBytesMax = 1 << 20;

    private const int Format = 1;
    private const string ChecksumStart = ",\n  \"crc32c\": \"";
    private const string ChecksumEnd = "\"\n}\n";
    private const int ChecksumDigits = 8;

    private static readonly JsonWriterOptions Layout = new() { Indented = true, NewLine = "\n" };

    /// <summary>The bytes of the file for an identity.</summary>
    internal static byte[] Encode(NodeIdentity identity)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text, Layout))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Format);
            json.WriteString("cluster", identity.Cluster.ToString());
            json.WriteNumber("node", identity.Node.Value);
            json.WriteString("name", identity.Name);
            json.WriteString("state", identity.State == FormationState.Formed ? "formed" : "forming");
            Write(json, "founders", identity.Founders.Voters);
            if (identity.Instance != 0)
            {
                Write(json, "learners", identity.Founders.Learners);
                json.WriteNumber("nextId", identity.Founders.NextId.Value);
                json.WriteString("instance", Hex(identity.Instance));
            }

            json.WriteEndObject();
        }

        // The closing "\n}" is taken off, to come again after the checksum.
        ReadOnlySpan<byte> covered = text.WrittenSpan[..^2];
        return [.. covered, .. ChecksumOf(covered)];
    }

    /// <summary>Reads the file's bytes.</summary>
    /// <exception cref="DataDirectoryException">They are damaged or of a newer format.</exception>
    internal static NodeIdentity Decode(string path, ReadOnlySpan<byte> content)
    {
        CheckChecksum(path, content);
        try
        {
            using JsonDocument document = JsonDocument.Parse(content.ToArray());
            return Read(path, document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException or OverflowException)
        {
            throw new DataDirectoryException(path, -1, $"its checksum is right, but it is not the identity of a node ({failure.Message})");
        }
    }

    private static void CheckChecksum(string path, ReadOnlySpan<byte> content)
    {
        int tail = ChecksumStart.Length + ChecksumDigits + ChecksumEnd.Length;
        if (content.Length > tail && content[^tail..].SequenceEqual(ChecksumOf(content[..^tail])))
        {
            return;
        }

        throw new DataDirectoryException(path, -1,
            "its checksum does not match: the file was damaged or edited. This node does not start, because it may not act under an identity it cannot be sure of; put the original file back, or give the node an empty directory and a new name");
    }

    /// <summary>The end of the file, from the comma before the checksum on.</summary>
    private static byte[] ChecksumOf(ReadOnlySpan<byte> covered)
        => Encoding.ASCII.GetBytes(ChecksumStart + Crc32C.Compute(covered).ToString("x8", CultureInfo.InvariantCulture) + ChecksumEnd);

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<Member> members)
    {
        json.WriteStartArray(name);
        foreach (Member member in members)
        {
            json.WriteStartObject();
            json.WriteNumber("id", member.Id.Value);
            json.WriteString("name", member.Name);
            json.WriteString("peer", member.PeerAddress);
            json.WriteString("client", member.ClientAddress);
            if (member.Instance != 0)
            {
                json.WriteString("instance", Hex(member.Instance));
            }

            if (member.PromotesItself)
            {
                json.WriteBoolean("promotesItself", true);
            }

            if (!member.Replaces.IsNone)
            {
                json.WriteNumber("replaces", member.Replaces.Value);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static Member[] ReadMembers(JsonElement list) => [.. list.EnumerateArray().Select(ReadMember)];

    private static Member ReadMember(JsonElement member)
        => new(new NodeId(member.GetProperty("id").GetUInt32()), Text(member, "name"), Text(member, "peer"), Text(member, "client"))
        {
            Instance = member.TryGetProperty("instance", out JsonElement instance) ? Hex(instance) : 0,
            PromotesItself = member.TryGetProperty("promotesItself", out JsonElement promotes) && promotes.GetBoolean(),
            Replaces = member.TryGetProperty("replaces", out JsonElement replaced) ? new NodeId(replaced.GetUInt32()) : NodeId.None,
        };

    private static NodeIdentity Read(string path, JsonElement root)
    {
        int format = root.GetProperty("format").GetInt32();
        if (format != Format)
        {
            throw new DataDirectoryException(path, -1, $"the directory has format {format}, and this version knows format {Format} only: start the version of RaftStore that wrote it, or a newer one");
        }

        string state = Text(root, "state");
        bool hasJoined = root.TryGetProperty("instance", out JsonElement instance);
        Configuration members = new(
            ReadMembers(root.GetProperty("founders")),
            [],
            hasJoined ? ReadMembers(root.GetProperty("learners")) : [],
            hasJoined ? new NodeId(root.GetProperty("nextId").GetUInt32()) : NodeId.None);
        return new NodeIdentity(
            new ClusterId(Hex(root.GetProperty("cluster"))),
            new NodeId(root.GetProperty("node").GetUInt32()),
            Text(root, "name"),
            state switch
            {
                "formed" => FormationState.Formed,
                "forming" => FormationState.Forming,
                _ => throw new FormatException($"state is «{state}»"),
            },
            members)
        {
            Instance = hasJoined ? Hex(instance) : 0,
        };
    }

    private static string Hex(ulong number) => number.ToString("x16", CultureInfo.InvariantCulture);

    private static ulong Hex(JsonElement text) => ulong.Parse(text.GetString() ?? "", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? throw new FormatException($"«{name}» is null");
}
