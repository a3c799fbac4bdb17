using System.Net;
using System.Net.Sockets;

namespace RaftStore.Client.Tests.Fakes;

/// <summary>
/// An HTTP server over a bare socket that does with each request what the test says, rude things included, and keeps
/// what it received.
/// </summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<ScriptedRequest, int, Reply> _script;
    private readonly List<ScriptedRequest> _requests = [];
    private int _connections;

    /// <param name="script">Given a request and how many came before it, says what to do.</param>
    public ScriptedServer(Func<ScriptedRequest, int, Reply> script)
    {
        _script = script;
        _listener.Start();
        Endpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _ = Task.Run(AcceptAsync);
    }

    public ScriptedServer(Func<ScriptedRequest, Reply> script)
        : this((request, _) => script(request))
    {
    }

    public Uri Endpoint { get; }

    public int Connections => Volatile.Read(ref _connections);

    public IReadOnlyList<ScriptedRequest> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>An endpoint on which nobody listens.</summary>
    public static Uri RefusingEndpoint() => new($"http://127.0.0.1:{Ports.Next()}");

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptSocketAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Increment(ref _connections);
            _ = Task.Run(() => ServeAsync(socket));
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using Socket owned = socket;
        var received = new List<byte>();
        byte[] buffer = new byte[65536];
        try
        {
            while (true)
            {
                ScriptedRequest? request;
                while ((request = ScriptedRequest.TryParse(received)) is null)
                {
                    int count = await socket.ReceiveAsync(buffer, _stop.Token);
                    if (count == 0)
                    {
                        return;
                    }

                    received.AddRange(buffer.AsSpan(0, count));
                }

                Reply reply = _script(request, Note(request));
                await socket.SendAsync(reply.Bytes, _stop.Token);
                while (reply.ThenHang && await socket.ReceiveAsync(buffer, _stop.Token) > 0)
                {
                    // Whatever else the client may send stays unanswered, until it goes away.
                }

                if (reply.ThenClose || reply.ThenHang)
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The client went away, or the test is over.
        }
    }

    private int Note(ScriptedRequest request)
    {
        lock (_requests)
        {
            _requests.Add(request);
            return _requests.Count - 1;
        }
    }
}
