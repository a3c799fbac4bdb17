using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;

namespace RaftStore.Kvctl.Bench;

/// <summary>
/// Drives many clients on one thread. A client whose connection breaks is handed to a helper thread that dials anew,
/// so that a node that hangs delays nobody else's measurement.
/// </summary>
internal sealed class EpollLoop(IReadOnlyList<(int Number, BenchClient Client)> clients, Dialer dialer, BenchWindow window)
{
    private static readonly TimeSpan RedialPause = TimeSpan.FromMilliseconds(100);

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly ConcurrentQueue<(int Place, Socket? Socket)> _dialled = new();
    private readonly bool[] _isWatchedForWriting = new bool[clients.Count];
    private int _active;

    /// <summary>Runs until every client is done, or the last answers have stopped being waited for.</summary>
    public void Run()
    {
        using var epoll = new Epoll();
        for (int place = 0; place < clients.Count; place++)
        {
            _active++;
            OnDialled(epoll, place, clients[place].Client.Socket);
        }

        while (_active > 0)
        {
            int ready = epoll.Wait(timeoutMs: 20);
            for (int i = 0; i < ready; i++)
            {
                OnReady(epoll, epoll.Token(i));
            }

            while (_dialled.TryDequeue(out (int Place, Socket? Socket) answer))
            {
                OnDialled(epoll, answer.Place, answer.Socket);
            }

            if (window.IsCancelled || Stopwatch.GetTimestamp() >= window.GiveUpAt)
            {
                GiveUp();
                return;
            }
        }
    }

    private void Attach(Epoll epoll, int place)
    {
        epoll.Add(Handle(place), place);
        _isWatchedForWriting[place] = false;
        BeginNext(epoll, place);
    }

    private void BeginNext(Epoll epoll, int place)
    {
        if (clients[place].Client.Begin())
        {
            SendOn(epoll, place);
        }
        else
        {
            epoll.Remove(Handle(place));
            _active--;
        }
    }

    private void SendOn(Epoll epoll, int place)
    {
        BenchClient client = clients[place].Client;
        while (!client.Unsent.IsEmpty)
        {
            int sent = Epoll.Send(Handle(place), client.Unsent);
            if (sent == Epoll.WouldBlock)
            {
                break;
            }

            if (sent == Epoll.Broken)
            {
                Break(epoll, place, "connection closed");
                return;
            }

            client.Sent(sent);
        }

        bool mustWait = !client.Unsent.IsEmpty;
        if (mustWait != _isWatchedForWriting[place])
        {
            epoll.Modify(Handle(place), mustWait ? Epoll.Readable | Epoll.Writable : Epoll.Readable, place);
            _isWatchedForWriting[place] = mustWait;
        }
    }

    private void OnReady(Epoll epoll, int place)
    {
        BenchClient client = clients[place].Client;
        int received = Epoll.Receive(Handle(place), _buffer);
        switch (received)
        {
            case Epoll.WouldBlock:
                if (_isWatchedForWriting[place])
                {
                    SendOn(epoll, place);
                }

                break;
            case 0 or Epoll.Broken:
                Break(epoll, place, "connection closed");
                break;
            default:
                switch (client.Receive(_buffer.AsSpan(0, received)))
                {
                    case true:
                        BeginNext(epoll, place);
                        break;
                    case null:
                        Break(epoll, place, null);
                        break;
                    default:
                        break;
                }

                break;
        }
    }

    /// <summary>Ends a connection and has another one dialled.</summary>
    private void Break(Epoll epoll, int place, string? label)
    {
        (int number, BenchClient client) = clients[place];
        if (label is not null && client.IsBusy)
        {
            client.Fail(label);
        }

        // Its end alone does not end its being watched while a process that is just being started has it too.
        epoll.Remove(Handle(place));
        client.Socket!.Dispose();
        client.Socket = null;
        Redial(place, number, afterPause: false);
    }

    private void Redial(int place, int number, bool afterPause) => ThreadPool.QueueUserWorkItem(_ =>
    {
        if (afterPause)
        {
            Thread.Sleep(RedialPause);
        }

        _dialled.Enqueue((place, dialer.Dial(number)));
    });

    private void OnDialled(Epoll epoll, int place, Socket? socket)
    {
        (int number, BenchClient client) = clients[place];
        if (socket is not null)
        {
            client.Socket = socket;
            Attach(epoll, place);
        }
        else if (client.Begin())
        {
            client.Fail("cannot connect");
            Redial(place, number, afterPause: true);
        }
        else
        {
            _active--;
        }
    }

    private void GiveUp()
    {
        foreach ((_, BenchClient client) in clients)
        {
            if (client.IsBusy)
            {
                client.Fail("no answer");
            }
        }
    }

    private int Handle(int place) => (int)clients[place].Client.Socket!.SafeHandle.DangerousGetHandle();
}
