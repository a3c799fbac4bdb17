using System.Diagnostics;
using System.Net.Sockets;

namespace RaftStore.Kvctl.Bench;

/// <summary>
/// Drives one client on a thread of its own: the shortest way from an answer to the next request. For few clients, and
/// for all of them where there is no epoll.
/// </summary>
internal sealed class BlockingLoop(int number, BenchClient client, Dialer dialer, BenchWindow window)
{
    private const int RedialPauseMs = 100;

    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>Runs until the client is done, or its last answer has stopped being waited for.</summary>
    public void Run()
    {
        while (client.Begin())
        {
            if ((client.Socket ??= dialer.Dial(number)) is not { } socket)
            {
                client.Fail("cannot connect");
                Thread.Sleep(RedialPauseMs);
                continue;
            }

            if (!Exchange(socket))
            {
                socket.Dispose();
                client.Socket = null;
            }
        }
    }

    /// <summary>Sends the request under way and receives its answer. False when the connection is of no further use.</summary>
    private bool Exchange(Socket socket)
    {
        try
        {
            socket.Send(client.Unsent);
            while (true)
            {
                long leftMs = window.GiveUpAt == long.MaxValue
                    ? (long)BenchWindow.Grace.TotalMilliseconds
                    : BenchWindow.NanosecondsOf(window.GiveUpAt - Stopwatch.GetTimestamp()) / 1_000_000;
                socket.ReceiveTimeout = (int)Math.Clamp(leftMs, 1, int.MaxValue);
                int received = socket.Receive(_buffer);
                if (received == 0)
                {
                    client.Fail("connection closed");
                    return false;
                }

                if (client.Receive(_buffer.AsSpan(0, received)) is not false and var outcome)
                {
                    return outcome is true;
                }
            }
        }
        catch (SocketException e)
        {
            client.Fail(e.SocketErrorCode == SocketError.TimedOut || e.SocketErrorCode == SocketError.WouldBlock ? "no answer" : "connection closed");
            return false;
        }
    }
}
