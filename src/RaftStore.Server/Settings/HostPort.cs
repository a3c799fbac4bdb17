using System.Globalization;
using System.Net;

namespace RaftStore.Server.Settings;

/// <summary>A host and a port as a setting names them.</summary>
/// <param name="Host">A name, or an IP address without brackets.</param>
/// <param name="Port">0 stands for any free one.</param>
internal readonly record struct HostPort(string Host, int Port)
{
    /// <summary>The IP address that <see cref="Host"/> is, or null where it is a name.</summary>
    public IPAddress? Address => IPAddress.TryParse(Host, out IPAddress? address) ? address : null;

    /// <summary>True where only this machine reaches it.</summary>
    public bool IsLoopback => IsLocalhost || (Address is { } address && IPAddress.IsLoopback(address));

    /// <summary>True where it stands for every address of this machine.</summary>
    public bool IsEveryAddress => Address is { } address && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    /// <summary>True where a socket can be bound to it without asking a name server.</summary>
    public bool IsBindable => IsLocalhost || Address is not null;

    private bool IsLocalhost => Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads <c>host:port</c> or <c>[IPv6]:port</c>.</summary>
    public static bool TryParse(string text, out HostPort endpoint)
    {
        endpoint = default;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            return false;
        }

        string host = text[..colon];
        if (host[0] == '[')
        {
            if (host[^1] != ']' || !IPAddress.TryParse(host.AsSpan(1, host.Length - 2), out IPAddress? address))
            {
                return false;
            }

            endpoint = new HostPort(address.ToString(), port);
            return true;
        }

        if (Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
        {
            return false;
        }

        endpoint = new HostPort(host.ToLowerInvariant(), port);
        return true;
    }

    /// <summary>Reads <c>http://host:port</c>, with nothing behind it but an optional slash.</summary>
    public static bool TryParseHttpUrl(string text, out HostPort endpoint)
    {
        const string Scheme = "http://";
        endpoint = default;
        return text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && TryParse(text[Scheme.Length..].TrimEnd('/'), out endpoint);
    }

    /// <summary><c>host:port</c>, an IPv6 address in brackets.</summary>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    /// <summary><c>http://host:port</c>.</summary>
    public string ToHttpUrl() => "http://" + ToString();
}
