using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace RaftStore.Server.Discovery;

/// <summary>Asks one DNS server over UDP for the A and AAAA records of a name: for a service's own server, such as Consul's on port 8600,
/// which the system's resolver does not ask.</summary>
/// <remarks>The server must resolve aliases itself, as every recursive one does. An answer that does not fit into a datagram of
/// <see cref="DnsMessage.DatagramBytesMax"/> bytes, about seventy addresses, is refused: so many founders there are not.</remarks>
internal sealed class DnsServerResolver(IPEndPoint server) : IHostResolver
{
    /// <summary>Time for one answer, in milliseconds; a datagram may be lost, so each question is asked twice.</summary>
    private const int AnswerTimeoutMs = 1000;

    private const int Attempts = 2;

    /// <inheritdoc/>
    public IReadOnlyList<IPAddress> Resolve(string name)
    {
        List<IPAddress> found = [];
        DnsAnswer a = Ask(name, DnsMessage.TypeA);
        found.AddRange(a.Addresses);
        DnsAnswer aaaa = Ask(name, DnsMessage.TypeAaaa);
        found.AddRange(aaaa.Addresses);
        return found.Count > 0 ? found : throw new SocketException((int)SocketError.HostNotFound, $"{server} knows no address of {name} (response code {Math.Max(a.Code, aaaa.Code)})");
    }

    private DnsAnswer Ask(string name, ushort type)
    {
        SocketException? trouble = null;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            try
            {
                return AskOnce(name, type);
            }
            catch (SocketException e)
            {
                trouble = e;
            }
        }

        throw new SocketException(trouble!.ErrorCode, $"the DNS server {server} does not answer: {trouble.Message}");
    }

    private DnsAnswer AskOnce(string name, ushort type)
    {
        using Socket socket = new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = AnswerTimeoutMs };

        // Connected, so that the kernel drops what comes from anybody else.
        socket.Connect(server);
        ushort id = BitConverter.ToUInt16(RandomNumberGenerator.GetBytes(sizeof(ushort)));
        socket.Send(DnsMessage.Ask(id, name, type));
        long deadlineMs = Environment.TickCount64 + AnswerTimeoutMs;
        byte[] datagram = new byte[DnsMessage.DatagramBytesMax];
        while (Environment.TickCount64 < deadlineMs)
        {
            int length = socket.Receive(datagram);
            if (DnsMessage.TryRead(datagram.AsSpan(0, length), id, type, out DnsAnswer answer))
            {
                return answer.IsTruncated ? throw new SocketException((int)SocketError.MessageSize, $"its answer for {name} does not fit into {DnsMessage.DatagramBytesMax} bytes") : answer;
            }
        }

        throw new SocketException((int)SocketError.TimedOut);
    }
}
