using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RaftStore.Server.Peers;

/// <summary>A host and a port as people write them: <c>name:7501</c>, <c>10.0.0.1:7501</c>, <c>[::1]:7501</c>.</summary>
internal readonly record struct PeerAddress(string Host, int Port)
{
    /// <summary>Reads an address.</summary>
    /// <exception cref="FormatException">It has no host or no port from 0 to 65535.</exception>
    public static PeerAddress Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > IPEndPoint.MaxPort)
        {
            throw new FormatException($"«{text}» is not an address of the form host:port.");
        }

        string host = text[..colon];
        return new PeerAddress(host.StartsWith('[') && host.EndsWith(']') ? host[1..^1] : host, port);
    }

    /// <summary>The end point to use; asks the resolver where the host is a name, and blocks for it.</summary>
    /// <exception cref="SocketException">The name is not known.</exception>
    public IPEndPoint Resolve()
    {
        if (IPAddress.TryParse(Host, out IPAddress? literal))
        {
            return new IPEndPoint(literal, Port);
        }

        IPAddress[] found = Dns.GetHostAddresses(Host);
        IPAddress? address = found.FirstOrDefault(candidate => candidate.AddressFamily == AddressFamily.InterNetwork) ?? found.FirstOrDefault();
        return address is null ? throw new SocketException((int)SocketError.HostNotFound) : new IPEndPoint(address, Port);
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
