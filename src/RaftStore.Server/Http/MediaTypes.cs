using Microsoft.Extensions.Primitives;

namespace RaftStore.Server.Http;

/// <summary>The media types that change what is answered.</summary>
internal static class MediaTypes
{
    /// <summary>An item or a page.</summary>
    public const string Json = "application/json";

    /// <summary>A stream of items, one a line.</summary>
    public const string Ndjson = "application/x-ndjson";

    /// <summary>True where a <c>Content-Type</c> is JSON, whatever parameters follow.</summary>
    public static bool IsJson(string? contentType)
    {
        ReadOnlySpan<char> type = contentType;
        int semicolon = type.IndexOf(';');
        return (semicolon < 0 ? type : type[..semicolon]).Trim().Equals(Json, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>True where an <c>Accept</c> header names the type itself, not by a wildcard, and not with a weight of zero.</summary>
    public static bool Accepts(StringValues accept, string mediaType)
    {
        foreach (string? header in accept)
        {
            foreach (Range range in header.AsSpan().Split(','))
            {
                ReadOnlySpan<char> entry = header.AsSpan()[range];
                int semicolon = entry.IndexOf(';');
                ReadOnlySpan<char> type = (semicolon < 0 ? entry : entry[..semicolon]).Trim();
                if (type.Equals(mediaType, StringComparison.OrdinalIgnoreCase) && (semicolon < 0 || !IsZeroWeight(entry[(semicolon + 1)..])))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsZeroWeight(ReadOnlySpan<char> parameters)
    {
        foreach (Range range in parameters.Split(';'))
        {
            ReadOnlySpan<char> parameter = parameters[range].Trim();
            if (parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase) && !parameter[2..].Trim("0.").IsEmpty)
            {
                return false;
            }

            if (parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
