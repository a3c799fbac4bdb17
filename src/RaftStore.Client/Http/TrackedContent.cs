using System.Net;

namespace RaftStore.Client.Http;

/// <summary>
/// The body of one attempt at a write, empty bodies included. It knows whether the transport ever began to send the
/// request, which decides whether the write may be sent again.
/// </summary>
/// <remarks>
/// Two properties of <see cref="SocketsHttpHandler"/> make this exact, and a test holds each: the head of a request
/// stays in a buffer until its content is asked to write itself, so while <see cref="Began"/> is false not one byte
/// has left; and a request that has a content is never resent by the handler when a pooled connection turns out to be
/// dead, whereas one without content is. So a DELETE, too, carries one.
/// </remarks>
internal sealed class TrackedContent(ReadOnlyMemory<byte> body) : HttpContent
{
    private volatile bool _began;

    /// <summary>Whether bytes of the request may have left this machine.</summary>
    public bool Began => _began;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _began = true;
        await stream.WriteAsync(body, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }
}
