using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RaftStore.Server.Tests.Discovery;

/// <summary>A DNS server on loopback that knows the names that a test tells it.</summary>
internal sealed class DnsResponder : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Dictionary<string, IPAddress[]> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly Thread _thread;

    public DnsResponder()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        _thread = new Thread(Serve) { IsBackground = true };
        _thread.Start();
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>From now on the name has exactly these addresses; none for a name that does not exist.</summary>
    public void Show(string name, params string[] addresses)
    {
        lock (_names)
        {
            _names[name] = [.. addresses.Select(IPAddress.Parse)];
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _thread.Join();
    }

    private void Serve()
    {
        byte[] datagram = new byte[2048];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        while (true)
        {
            try
            {
                int length = _socket.ReceiveFrom(datagram, ref from);
                _socket.SendTo(Answer(datagram.AsSpan(0, length)), from);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private byte[] Answer(ReadOnlySpan<byte> question)
    {
        List<string> labels = [];
        int place = 12;
        while (question[place] != 0)
        {
            labels.Add(Encoding.ASCII.GetString(question.Slice(place + 1, question[place])));
            place += 1 + question[place];
        }

        ushort type = BinaryPrimitives.ReadUInt16BigEndian(question[(place + 1)..]);
        int end = place + 5;
        IPAddress[] all;
        lock (_names)
        {
            all = _names.GetValueOrDefault(string.Join('.', labels), []);
        }

        IPAddress[] fitting = [.. all.Where(address => address.AddressFamily == (type == 1 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6))];
        List<byte> answer = [question[0], question[1], 0x81, (byte)(all.Length == 0 ? 0x83 : 0x80), 0, 1, 0, (byte)fitting.Length, 0, 0, 0, 0, .. question[12..end]];
        foreach (IPAddress address in fitting)
        {
            byte[] bytes = address.GetAddressBytes();
            answer.AddRange([0xC0, 12, (byte)(type >> 8), (byte)type, 0, 1, 0, 0, 0, 0, 0, (byte)bytes.Length, .. bytes]);
        }

        return [.. answer];
    }
}
