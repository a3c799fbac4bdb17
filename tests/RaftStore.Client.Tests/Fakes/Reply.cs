using System.Text;

namespace RaftStore.Client.Tests.Fakes;

/// <summary>What the scripted server does with one request.</summary>
internal sealed record Reply(byte[] Bytes, bool ThenClose = false, bool ThenHang = false)
{
    /// <summary>The connection is closed without a byte.</summary>
    public static Reply Close { get; } = new([], ThenClose: true);

    /// <summary>Nothing ever comes.</summary>
    public static Reply Silence { get; } = new([], ThenHang: true);

    public static Reply Json(int status, string body, params string[] headers) => Build(status, Encoding.UTF8.GetBytes(body), headers);

    public static Reply Value(string value, long modRevision, params string[] headers) => Build(200, Encoding.UTF8.GetBytes(value), [
        "RaftStore-Create-Revision: 1", $"RaftStore-Mod-Revision: {modRevision}", "RaftStore-Version: 2", "RaftStore-Revision: 9", .. headers]);

    public static Reply Binary(byte[] body, params string[] headers) => Build(200, body, headers);

    public static Reply NotFound(params string[] headers) =>
        Json(404, """{"type":"urn:raftstore:error:key-not-found","title":"No such key"}""", ["RaftStore-Revision: 9", .. headers]);

    public static Reply Problem(int status, string name, string? outcome, params string[] headers) => Json(
        status,
        $$"""{"type":"urn:raftstore:error:{{name}}","title":"T","status":{{status}},"detail":"D"{{(outcome is null ? "" : $",\"outcome\":\"{outcome}\"")}}}""",
        headers);

    /// <summary>An answer without a body, as Kestrel itself gives.</summary>
    public static Reply Empty(int status, params string[] headers) => Build(status, [], headers);

    /// <summary>The first bytes of this answer, and then the end of the connection.</summary>
    public Reply CutAt(int length) => new(Bytes[..length], ThenClose: true);

    private static Reply Build(int status, byte[] body, string[] headers)
    {
        var head = new StringBuilder().Append("HTTP/1.1 ").Append(status).Append(" Status\r\n");
        foreach (string header in headers)
        {
            head.Append(header).Append("\r\n");
        }

        head.Append("Content-Length: ").Append(body.Length).Append("\r\n\r\n");
        return new Reply([.. Encoding.Latin1.GetBytes(head.ToString()), .. body]);
    }
}
