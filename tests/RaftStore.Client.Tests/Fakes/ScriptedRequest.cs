using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace RaftStore.Client.Tests.Fakes;

/// <summary>A request as it stood on the wire.</summary>
internal sealed record ScriptedRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string BodyText => Encoding.UTF8.GetString(Body);

    /// <summary>Reads one request from the front of <paramref name="bytes"/>; null while it is incomplete.</summary>
    public static ScriptedRequest? TryParse(List<byte> bytes)
    {
        ReadOnlySpan<byte> all = CollectionsMarshal.AsSpan(bytes);
        int headEnd = all.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
        {
            return null;
        }

        string[] lines = Encoding.Latin1.GetString(all[..headEnd]).Split("\r\n");
        string[] first = lines[0].Split(' ');
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.Skip(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        int length = headers.TryGetValue("Content-Length", out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        int end = headEnd + 4 + length;
        if (all.Length < end)
        {
            return null;
        }

        byte[] body = all[(headEnd + 4)..end].ToArray();
        bytes.RemoveRange(0, end);
        return new ScriptedRequest(first[0], first[1], headers, body);
    }
}
