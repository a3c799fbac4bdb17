using System.Globalization;
using Microsoft.Extensions.Primitives;
using RaftStore.Kv;

namespace RaftStore.Server.Http;

/// <summary>One <c>If-Match</c> or <c>If-None-Match</c>: a mod revision, or <c>*</c>.</summary>
/// <param name="IsGiven">False where the header is not there.</param>
/// <param name="IsAny">True for <c>*</c>.</param>
/// <param name="Revision">The tag's revision; 0 stands for a key that does not exist.</param>
internal readonly record struct EntityTag(bool IsGiven, bool IsAny, long Revision)
{
    /// <summary>True where a key with that mod revision, 0 for none, is what the tag names.</summary>
    public bool Matches(long modRevision) => IsAny ? modRevision != 0 : modRevision == Revision;
}

/// <summary>Conditions, the HTTP way: RFC 9110 §13, narrowed to one strong tag or <c>*</c>.</summary>
internal static class EntityTags
{
    /// <summary>The <c>ETag</c> of a mod revision.</summary>
    public static string Format(long modRevision) => string.Create(CultureInfo.InvariantCulture, $"\"{modRevision}\"");

    /// <summary>Reads one header.</summary>
    /// <returns>Null where all is well.</returns>
    public static Problem? TryParse(string header, StringValues values, out EntityTag tag)
    {
        tag = default;
        if (values.Count == 0)
        {
            return null;
        }

        if (values.Count == 1 && values[0] is { } text)
        {
            ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
            if (trimmed is "*")
            {
                tag = new EntityTag(IsGiven: true, IsAny: true, Revision: 0);
                return null;
            }

            if (trimmed.Length > 2 && trimmed[0] == '"' && trimmed[^1] == '"'
                && long.TryParse(trimmed[1..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long revision))
            {
                tag = new EntityTag(IsGiven: true, IsAny: false, revision);
                return null;
            }
        }

        return new Problem(ProblemType.InvalidCondition, $"{header} must be one strong tag, a mod revision in double quotes such as \"5\", or *.");
    }

    /// <summary>The condition of a write.</summary>
    public static Problem? TryParseForWrite(IHeaderDictionary headers, out KvCondition condition)
    {
        condition = KvCondition.None;
        if (headers.IfMatch.Count == 0 && headers.IfNoneMatch.Count == 0)
        {
            return null;
        }

        if (TryParse("If-Match", headers.IfMatch, out EntityTag match) is { } badMatch)
        {
            return badMatch;
        }

        if (TryParse("If-None-Match", headers.IfNoneMatch, out EntityTag noneMatch) is { } badNoneMatch)
        {
            return badNoneMatch;
        }

        if (match.IsGiven && noneMatch.IsGiven)
        {
            return new Problem(ProblemType.InvalidCondition, "If-Match and If-None-Match contradict each other on a write: give one.");
        }

        if (noneMatch.IsGiven && !noneMatch.IsAny)
        {
            return new Problem(ProblemType.InvalidCondition, "If-None-Match on a write must be *: write only where the key does not exist.");
        }

        condition = noneMatch.IsGiven
            ? new KvCondition(KvConditionKind.NotExists, 0)
            : match.IsAny ? new KvCondition(KvConditionKind.Exists, 0) : new KvCondition(KvConditionKind.ModRevisionIs, match.Revision);
        return null;
    }
}
