using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace RaftStore.Server.Tests.Support;

/// <summary>An answer as it came over the socket.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonObject Json => JsonNode.Parse(Body)!.AsObject();
}

/// <summary>Speaks HTTP/1.1 by hand, since every client library tidies up what it sends.</summary>
internal static class RawHttp
{
    private const int TimeoutMs = 60_000;

    /// <summary>Sends head and body and reads until the server closes; the head must ask for that where the server would not.</summary>
    public static async Task<RawAnswer> SendAsync(Uri server, string head, byte[] body)
    {
        using TcpClient client = new();
        using CancellationTokenSource deadline = new(TimeoutMs);
        await client.ConnectAsync(server.Host, server.Port, deadline.Token);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head), deadline.Token);
        await stream.WriteAsync(body, deadline.Token);
        MemoryStream received = new();
        await stream.CopyToAsync(received, deadline.Token);
        return Parse(received.ToArray());
    }

    /// <summary>Parses one answer, chunked or not.</summary>
    public static RawAnswer Parse(byte[] bytes)
    {
        int headEnd = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        Assert.True(headEnd > 0, $"No answer: '{Encoding.Latin1.GetString(bytes)}'");
        string[] lines = Encoding.Latin1.GetString(bytes, 0, headEnd).Split("\r\n");
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.Skip(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        byte[] body = bytes[(headEnd + 4)..];
        int status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        return new RawAnswer(status, headers, headers.TryGetValue("Transfer-Encoding", out string? coding) && coding == "chunked" ? Unchunk(body) : body);
    }

    private static byte[] Unchunk(byte[] body)
    {
        MemoryStream whole = new();
        int place = 0;
        while (true)
        {
            int end = place + body.AsSpan(place).IndexOf("\r\n"u8);
            Assert.True(end >= place, "The last chunk is missing: the answer is incomplete.");
            int length = int.Parse(Encoding.ASCII.GetString(body, place, end - place), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (length == 0)
            {
                return whole.ToArray();
            }

            whole.Write(body, end + 2, length);
            place = end + 2 + length + 2;
        }
    }
}
