using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace RaftStore.Kvctl.Bench;

/// <summary>
/// One client of a closed loop: one connection, one request at a time. It knows what to send and what an answer means;
/// how bytes move is its loop's business.
/// </summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed class BenchClient(RequestSource source, ResponseParser parser, BenchWindow window, BenchStats stats, bool expectsItems) : IDisposable
{
    private RequestTemplate? _request;
    private long _beganAt;
    private int _sent;

    /// <summary>The connection; null while there is none.</summary>
    public Socket? Socket { get; set; }

    /// <summary>The bytes of the request under way that have not been sent.</summary>
    public ReadOnlySpan<byte> Unsent => _request!.Bytes.Span[_sent..];

    /// <summary>Whether a request is under way.</summary>
    public bool IsBusy => _request is not null;

    /// <summary>Begins the next request. False when this client has nothing left to do.</summary>
    public bool Begin()
    {
        long now = Stopwatch.GetTimestamp();
        _request = window.IsOver(now) ? null : source.Next();
        _beganAt = now;
        _sent = 0;
        parser.Reset();
        return _request is not null;
    }

    public void Sent(int bytes) => _sent += bytes;

    /// <summary>Takes received bytes. True when the request is over and the connection can take the next one.</summary>
    /// <returns>Null when the connection is of no further use; the request is over then, too.</returns>
    public bool? Receive(ReadOnlySpan<byte> bytes)
    {
        switch (parser.Feed(bytes))
        {
            case ParseProgress.NeedMore:
                return false;
            case ParseProgress.Malformed:
                Fail("malformed answer");
                return null;
            default:
                Judge();
                return parser.Closes ? null : true;
        }
    }

    /// <summary>The request under way ended without an answer.</summary>
    public void Fail(string label)
    {
        stats.Error(label, window.Contains(_beganAt));
        _request = null;
    }

    public void Dispose() => Socket?.Dispose();

    /// <summary>What an error is counted as: the status, and what the answer says of the outcome.</summary>
    internal static string LabelOf(int status, ReadOnlySpan<byte> body)
    {
        string text = status.ToString(CultureInfo.InvariantCulture);
        return body.IndexOf("\"outcome\":\"unknown\""u8) >= 0 ? text + " unknown"
            : body.IndexOf("\"outcome\":\"not-applied\""u8) >= 0 ? text + " not-applied"
            : text;
    }

    private void Judge()
    {
        long now = Stopwatch.GetTimestamp();
        bool isWrite = _request!.IsWrite;
        if (parser.Status != 200)
        {
            Fail(LabelOf(parser.Status, parser.BodyFront));
        }
        else if (expectsItems && !isWrite && parser.BodyFront.IndexOf("\"kvs\""u8) < 0)
        {
            // The gateway of etcd answers 200 for a key that does not exist.
            Fail("200 without the key");
        }
        else
        {
            stats.Answered(isWrite, BenchWindow.NanosecondsOf(now - _beganAt), window.Contains(_beganAt), window.Contains(now));
            source.Succeeded();
            _request = null;
        }
    }
}
