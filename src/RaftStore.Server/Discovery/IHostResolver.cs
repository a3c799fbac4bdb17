using System.Net;
using System.Net.Sockets;

namespace RaftStore.Server.Discovery;

/// <summary>Turns a name into addresses: the system's resolver, or one DNS server that is named.</summary>
internal interface IHostResolver
{
    /// <summary>Every address of the name; it blocks for a few seconds at most where a server does not answer.</summary>
    /// <exception cref="SocketException">The name has none, or nobody could be asked.</exception>
    IReadOnlyList<IPAddress> Resolve(string name);
}

/// <summary>Asks as every other program on this machine does: hosts file, search list and all.</summary>
internal sealed class SystemResolver : IHostResolver
{
    /// <inheritdoc/>
    public IReadOnlyList<IPAddress> Resolve(string name) => Dns.GetHostAddresses(name);
}
