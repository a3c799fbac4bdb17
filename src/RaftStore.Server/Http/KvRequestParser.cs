using System.Globalization;
using RaftStore.Kv;
using RaftStore.Server.Settings;

namespace RaftStore.Server.Http;

/// <summary>Fills a <see cref="KvRequest"/> from target and headers. What it does not know it refuses: a parameter passed over in silence
/// would do something else than was asked.</summary>
internal static class KvRequestParser
{
    /// <summary>Headers that change what a write means, and that this version does not have.</summary>
    private static readonly string[] FutureHeaders = ["Idempotency-Key", "RaftStore-Fence", "RaftStore-Session-Ack"];

    /// <summary>Parses the target's key and query, and refuses headers that are not there yet.</summary>
    /// <returns>Null where all is well.</returns>
    public static Problem? Parse(RequestTarget target, IHeaderDictionary headers, KvRequest into)
    {
        foreach (string header in FutureHeaders)
        {
            if (headers.ContainsKey(header))
            {
                return new Problem(ProblemType.NotSupported, $"The header {header} is not there yet; without it the request would do something else than was asked, so nothing was done.");
            }
        }

        if (target.Route == ApiRoute.Key && ParsePathKey(target.EncodedKey, into) is { } badKey)
        {
            return badKey;
        }

        QueryReader query = new(target.Query);
        while (query.Next())
        {
            KvParameters parameter = KvParameterNames.Find(query.Name, out bool isBase64);
            if (parameter == KvParameters.None)
            {
                return KvParameterNames.Unknown(query.Name);
            }

            if ((into.Given & parameter) != 0)
            {
                return Invalid($"'{query.Name}' is given twice.");
            }

            into.Given |= parameter;
            Problem? problem = parameter is KvParameters.Key or KvParameters.Prefix or KvParameters.Start or KvParameters.End
                ? ParseBytes(parameter, query.Name, query.Value, isBase64, into)
                : ParsePlain(parameter, query, into);
            if (problem is not null)
            {
                return problem;
            }
        }

        return into.Given == KvParameters.None ? null : CheckTogether(into);
    }

    /// <summary>Refuses parameters that the request at hand does not take.</summary>
    /// <param name="what">The request, for the message.</param>
    public static Problem? CheckAllowed(KvRequest request, KvParameters allowed, string what)
    {
        KvParameters excess = request.Given & ~allowed;
        return excess == KvParameters.None
            ? null
            : Invalid($"'{KvParameterNames.NameOf(excess & (KvParameters)(-(int)excess))}' does not apply to {what}.");
    }

    private static Problem? ParsePathKey(ReadOnlySpan<char> encoded, KvRequest into)
    {
        KeyDecoding decoding = KeyCodec.DecodePercent(encoded, plusIsSpace: false, into.KeyBuffer, out int length);
        if (decoding == KeyDecoding.Done && length > 0 && into.KeyBuffer[..length].Contains((byte)0))
        {
            return new Problem(ProblemType.InvalidKey, "A key with a zero byte goes into ?key64=, base64url.");
        }

        return TakeKey(decoding, length, "The key in the path", into);
    }

    private static Problem? TakeKey(KeyDecoding decoding, int length, string what, KvRequest into)
    {
        if (decoding == KeyDecoding.Done && length > 0)
        {
            into.SetKeyLength(length);
            return null;
        }

        return new Problem(ProblemType.InvalidKey, decoding == KeyDecoding.Done ? $"{what} is empty: a key is 1 to {KvCommand.KeyBytesMax} bytes long." : $"{what} {Reason(decoding)}");
    }

    private static Problem? ParseBytes(KvParameters parameter, ReadOnlySpan<char> name, ReadOnlySpan<char> value, bool isBase64, KvRequest into)
    {
        if (parameter == KvParameters.Key)
        {
            if (into.HasKey)
            {
                return new Problem(ProblemType.InvalidKey, $"The key is in the path and in '{name}' both: give it once.");
            }

            KeyDecoding keyDecoding = Decode(value, isBase64, into.KeyBuffer, out int keyLength);
            return TakeKey(keyDecoding, keyLength, $"'{name}'", into);
        }

        byte[] buffer = new byte[KvCommand.KeyBytesMax];
        KeyDecoding decoding = Decode(value, isBase64, buffer, out int length);
        if (decoding != KeyDecoding.Done)
        {
            return Invalid($"'{name}' {Reason(decoding)}");
        }

        byte[] bytes = buffer.AsSpan(0, length).ToArray();
        switch (parameter)
        {
            case KvParameters.Prefix:
                into.Prefix = bytes;
                return null;
            case KvParameters.Start:
                into.Start = bytes;
                return null;
            default:
                into.End = bytes;
                return length > 0 ? null : Invalid($"'{name}' is empty: no key stands before it; leave it out for no end.");
        }
    }

    private static KeyDecoding Decode(ReadOnlySpan<char> value, bool isBase64, Span<byte> target, out int length) =>
        isBase64 ? KeyCodec.DecodeBase64(value, target, out length) : KeyCodec.DecodePercent(value, plusIsSpace: true, target, out length);

    private static Problem? ParsePlain(KvParameters parameter, QueryReader query, KvRequest into)
    {
        switch (parameter)
        {
            case KvParameters.Limit:
                into.Limit = int.TryParse(query.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) ? limit : 0;
                return into.Limit is >= 1 and <= KvRequest.LimitMax ? null : Invalid($"'limit' must be a whole number from 1 to {KvRequest.LimitMax}.");
            case KvParameters.Cursor:
                into.Cursor = query.Value.ToString();
                return null;
            case KvParameters.Encoding:
                into.Utf8 = query.Value is "utf8";
                return query.Value is "utf8" or "base64" ? null : Invalid("'encoding' must be utf8 or base64.");
            case KvParameters.Consistency:
                into.Stale = query.Value is "stale";
                return query.Value is "stale" or "linearizable" ? null : Invalid("'consistency' must be linearizable or stale.");
            case KvParameters.Revision:
                into.Revision = long.TryParse(query.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long revision) ? revision : -1;
                return into.Revision >= 0 ? null : Invalid("'revision' must be a revision: a whole number.");
            case KvParameters.MinRevision:
                into.MinRevision = long.TryParse(query.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long minRevision) ? minRevision : -1;
                return into.MinRevision >= 0 ? null : Invalid("'min_revision' must be a revision: a whole number.");
            case KvParameters.MaxStaleness:
                into.MaxStalenessMs = Quantities.TryParseDuration(query.Value, out long maxStalenessMs) ? maxStalenessMs : -1;
                return into.MaxStalenessMs >= 0 ? null : Invalid("'max_staleness' must be a whole number with ms, s, m or h.");
            default:
                return ParseSwitch(parameter, query, into);
        }
    }

    private static Problem? ParseSwitch(KvParameters parameter, QueryReader query, KvRequest into)
    {
        if (query.HasValue && query.Value is not ("true" or "false"))
        {
            return Invalid($"'{query.Name}' must be true or false.");
        }

        bool on = !query.HasValue || query.Value is "true";
        switch (parameter)
        {
            case KvParameters.Reverse:
                into.Reverse = on;
                return null;
            case KvParameters.KeysOnly:
                into.KeysOnly = on;
                return null;
            case KvParameters.CountOnly:
                into.CountOnly = on;
                return null;
            case KvParameters.Redirect:
                into.Redirect = on;
                return null;
            case KvParameters.Previous:
                into.WantsPrevious = on;
                return null;
            default:
                throw new ArgumentOutOfRangeException(nameof(parameter), parameter, "Not a switch.");
        }
    }

    private static Problem? CheckTogether(KvRequest request)
    {
        if (request.HasKey && (request.Given & KvParameters.Bounds) != 0)
        {
            return Invalid("A key and a range contradict each other: give a key, or 'prefix', or 'start' and 'end'.");
        }

        if ((request.Given & KvParameters.Prefix) != 0 && (request.Given & (KvParameters.Start | KvParameters.End)) != 0)
        {
            return Invalid("'prefix' contradicts 'start' and 'end': give one or the other.");
        }

        if (request.CountOnly && request.Cursor is not null)
        {
            return Invalid("'count_only' counts the whole range: it contradicts 'cursor'.");
        }

        if (request.MaxStalenessMs >= 0 && !request.Stale)
        {
            return Invalid("'max_staleness' goes with consistency=stale: a linearizable read is never stale.");
        }

        return request.Stale && request.Redirect
            ? Invalid("'redirect' contradicts consistency=stale, which reads the node that was asked.")
            : null;
    }

    private static string Reason(KeyDecoding decoding) => decoding switch
    {
        KeyDecoding.BadPercent => "has a % without two hexadecimal digits behind it: write a percent sign as %25.",
        KeyDecoding.BadBase64 => "is not base64url: letters, digits, - and _ (not + and /), with or without = at the end.",
        _ => $"is longer than {KvCommand.KeyBytesMax} bytes.",
    };

    private static Problem Invalid(string detail) => new(ProblemType.InvalidParameter, detail);
}
