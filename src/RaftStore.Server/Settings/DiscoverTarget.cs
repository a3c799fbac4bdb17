using System.Net;

namespace RaftStore.Server.Settings;

/// <summary>What <c>--discover</c> says: <c>dns://NAME:PORT</c>, and perhaps <c>?server=ADDRESS:PORT</c>.</summary>
/// <param name="Name">The name that every node's address is found by.</param>
/// <param name="Port">The port on which all of them serve peers.</param>
/// <param name="Server">The DNS server to ask; null for the system's resolver.</param>
public sealed record DiscoverTarget(string Name, int Port, IPEndPoint? Server)
{
    private const string Scheme = "dns://";
    private const string ServerParameter = "server=";

    /// <summary>Reads one.</summary>
    /// <returns>Null where the text is none.</returns>
    public static DiscoverTarget? TryParse(string text)
    {
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        string[] parts = text[Scheme.Length..].Split('?', 2);
        if (!HostPort.TryParse(parts[0].TrimEnd('/'), out HostPort target) || target.Port == 0 || target.Address is not null)
        {
            return null;
        }

        if (parts.Length == 1)
        {
            return new DiscoverTarget(target.Host, target.Port, Server: null);
        }

        bool hasServer = parts[1].StartsWith(ServerParameter, StringComparison.Ordinal) && HostPort.TryParse(parts[1][ServerParameter.Length..], out HostPort server)
            && server.Address is not null && server.Port != 0;
        return hasServer ? new DiscoverTarget(target.Host, target.Port, IPEndPoint.Parse(parts[1][ServerParameter.Length..])) : null;
    }

    /// <summary>As it was written.</summary>
    public override string ToString() => $"{Scheme}{Name}:{Port}{(Server is null ? "" : $"?{ServerParameter}{Server}")}";
}
