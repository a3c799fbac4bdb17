using System.Buffers;

namespace RaftStore.Server.Http;

/// <summary>Sends a client that asked for it to the leader.</summary>
internal static class Redirects
{
    /// <summary>Writes a 307: the client repeats the same method and body there.</summary>
    public static void Write(HttpContext context, string location, bool isWrite)
    {
        ReadOnlySpan<byte> body = isWrite ? "{\"outcome\":\"not-applied\"}"u8 : "{}"u8;
        HttpResponse response = context.Response;
        response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        response.Headers.Location = location;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.BodyWriter.Write(body);
    }
}
