using System.Collections.Frozen;
using System.Net;
using RaftStore.Server.Settings;

namespace RaftStore.Server.Http;

/// <summary>Accepts a <c>Host</c> header only where it names this server: a web page that makes a browser call a foreign name for a
/// loopback address (DNS rebinding) gets nothing. Ports do not matter. Any thread.</summary>
internal sealed class HostFilter
{
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _hosts;
    private readonly bool _allowsAny;

    /// <summary>Allows loopback names, the hosts of <c>--listen</c> and <c>--advertise</c>, and <c>--allowed-hosts</c>.</summary>
    public HostFilter(ServerSettings settings)
    {
        HashSet<string> hosts = new(StringComparer.OrdinalIgnoreCase) { "localhost", "127.0.0.1", "::1" };
        foreach (string url in settings.Listen.Append(settings.Advertise))
        {
            if (HostPort.TryParseHttpUrl(url, out HostPort endpoint) && !endpoint.IsEveryAddress)
            {
                hosts.Add(endpoint.Host);
            }
        }

        foreach (string host in settings.AllowedHosts)
        {
            hosts.Add(host.Trim('[', ']'));
        }

        _allowsAny = hosts.Contains("*");
        _hosts = hosts.ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>True where a request with this header is served.</summary>
    public bool Allows(string? header)
    {
        if (_allowsAny)
        {
            return true;
        }

        ReadOnlySpan<char> host = WithoutPort(header);
        return !host.IsEmpty && (_hosts.Contains(host) || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address)));
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> header)
    {
        if (header.StartsWith("["))
        {
            int close = header.IndexOf(']');
            return close < 0 ? default : header[1..close];
        }

        int colon = header.IndexOf(':');
        return colon < 0 ? header : header[..colon];
    }
}
