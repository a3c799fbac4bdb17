using System.Net.Sockets;

namespace RaftStore.Client.Http;

/// <summary>How one attempt at a call ended: with a node's answer, or with an error and the knowledge of what may have left.</summary>
internal readonly struct Attempt
{
    public Attempt(Answer answer)
    {
        Answer = answer;
        MayHaveBeenSent = true;
    }

    public Attempt(Exception error, bool mayHaveBeenSent, bool timedOut)
    {
        Error = error;
        MayHaveBeenSent = mayHaveBeenSent;
        TimedOut = timedOut;
    }

    /// <summary>The node's answer; null when the attempt failed.</summary>
    public Answer? Answer { get; }

    /// <summary>The transport's error; null when a node answered.</summary>
    public Exception? Error { get; }

    /// <summary>Whether bytes of the request may have reached the node.</summary>
    public bool MayHaveBeenSent { get; }

    /// <summary>Whether this client gave up waiting.</summary>
    public bool TimedOut { get; }

    /// <summary>What went wrong, as the end of a sentence that begins with the endpoint.</summary>
    public string Describe()
    {
        if (!MayHaveBeenSent)
        {
            return SocketErrorOf(Error) switch
            {
                SocketError.ConnectionRefused => "refused the connection",
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "is a name that does not resolve",
                SocketError.HostUnreachable or SocketError.NetworkUnreachable => "is unreachable",
                { } other => $"could not be connected to ({other})",
                null => "could not be connected to in time",
            };
        }

        return TimedOut ? "gave no answer in time" : "closed the connection before it had answered";
    }

    private static SocketError? SocketErrorOf(Exception? error)
    {
        for (Exception? e = error; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket)
            {
                return socket.SocketErrorCode;
            }
        }

        return null;
    }
}
