using System.Globalization;
using System.Text.Json;
using RaftStore.Node.Formation;
using RaftStore.Raft;
using RaftStore.Server.Settings;

namespace RaftStore.Server.Http;

/// <summary>The body of a request about a member: those of <c>POST</c> and <c>PATCH</c> below <c>/v1/cluster/members</c>, and of a transfer.</summary>
internal sealed record MemberRequest
{
    public static readonly MemberRequest Empty = new();

    /// <summary><c>name</c>.</summary>
    public string? Name { get; private set; }

    /// <summary><c>peer</c>: host:port.</summary>
    public string? Peer { get; private set; }

    /// <summary><c>client</c>: a URL.</summary>
    public string? Client { get; private set; }

    /// <summary><c>promote</c>.</summary>
    public bool? Promote { get; private set; }

    /// <summary><c>to</c>: a member by id or name.</summary>
    public string? To { get; private set; }

    /// <summary><c>instance</c>: the data directory that asks for itself, sixteen hexadecimal digits; 0 where an operator asks.</summary>
    public ulong Instance { get; private set; }

    /// <summary>Reads a body.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static Problem? Parse(ReadOnlyMemory<byte> body, out MemberRequest request)
    {
        request = new MemberRequest();
        return JsonBody.ReadObject(body, depthMax: 2, request.Take);
    }

    /// <summary>What is missing or too much for an addition, or null.</summary>
    public Problem? CheckAddition()
    {
        if (Name is null || Peer is null)
        {
            return new Problem(ProblemType.InvalidRequest, $"'{(Name is null ? "name" : "peer")}' is missing: a new member has a name and a peer address.");
        }

        return To is null ? null : new Problem(ProblemType.InvalidRequest, "'to' belongs to a transfer only.");
    }

    /// <summary>What is missing or too much for a change of addresses, or null.</summary>
    public Problem? CheckChange()
    {
        bool isEmpty = Peer is null && Client is null;
        bool isTooMuch = Name is not null || Promote is not null || To is not null || Instance != 0;
        return isEmpty || isTooMuch ? new Problem(ProblemType.InvalidRequest, "A member's 'peer' and 'client' can be changed, and nothing else.") : null;
    }

    private Problem? Take(JsonProperty property)
    {
        string? text = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString() : null;
        switch (property.Name)
        {
            case "name" when text is not null && NodeName.IsValid(text):
                Name = text;
                return null;
            case "name":
                return new Problem(ProblemType.InvalidRequest, "'name' must be 1 to 63 letters, digits, '.', '_' or '-', beginning with a letter or a digit.");
            case "peer" when text is not null && text.Length <= ConfigurationCodec.TextLengthMax && HostPort.TryParse(text, out HostPort peer) && peer.Port != 0 && !peer.IsEveryAddress:
                Peer = peer.ToString();
                return null;
            case "peer":
                return new Problem(ProblemType.InvalidRequest, "'peer' must be HOST:PORT that the other members can dial.");
            case "client" when text is not null && text.Length <= ConfigurationCodec.TextLengthMax && (text.Length == 0 || HostPort.TryParseHttpUrl(text, out _)):
                Client = text;
                return null;
            case "client":
                return new Problem(ProblemType.InvalidRequest, "'client' must be http://HOST:PORT.");
            case "promote" when property.Value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                Promote = property.Value.GetBoolean();
                return null;
            case "to" when text is not null:
                To = text;
                return null;
            case "instance" when text is not null && text.Length == 16 && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong instance):
                Instance = instance;
                return null;
            default:
                return new Problem(ProblemType.InvalidRequest, $"'{property.Name}' is not known here, or has a value of another kind.");
        }
    }
}
