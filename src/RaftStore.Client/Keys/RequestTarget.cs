using System.Globalization;
using System.Text;

namespace RaftStore.Client.Keys;

/// <summary>Builds a request target: a path, then parameters.</summary>
internal sealed class RequestTarget
{
    private readonly StringBuilder _text;
    private bool _hasQuery;

    private RequestTarget(string path)
    {
        _text = new StringBuilder(path);
        _hasQuery = path.Contains('?', StringComparison.Ordinal);
    }

    /// <summary>The target of one key.</summary>
    public static RequestTarget Of(ReadOnlySpan<byte> key) => new(KeyEncoding.Target(key));

    /// <summary>The target of a range of keys.</summary>
    public static RequestTarget Of(KeyRange range)
    {
        var target = new RequestTarget("/v1/kv");
        range.AppendTo(target);
        return target;
    }

    /// <summary>Adds a parameter whose value needs no encoding.</summary>
    public RequestTarget Add(string name, string value)
    {
        _text.Append(_hasQuery ? '&' : '?').Append(name).Append('=').Append(value);
        _hasQuery = true;
        return this;
    }

    /// <summary>Adds <c>name=true</c> where <paramref name="isWanted"/>.</summary>
    public RequestTarget AddFlag(string name, bool isWanted) => isWanted ? Add(name, "true") : this;

    /// <summary>Adds bytes as <c>name</c> or <c>name64</c>, whichever survives.</summary>
    public RequestTarget AddBytes(string name, ReadOnlySpan<byte> bytes)
    {
        (string suffix, string value) = KeyEncoding.QueryValue(bytes);
        return Add(name + suffix, value);
    }

    /// <summary>Adds how recent a read must be, where it is not the default.</summary>
    public RequestTarget Add(ReadConsistency consistency) =>
        consistency == ReadConsistency.Stale ? Add("consistency", "stale") : this;

    /// <summary>Adds how recent a read must be, where it is not the default.</summary>
    public RequestTarget Add(ReadOptions options)
    {
        Add(options.Consistency).AddRevision(options.Revision);
        if (options.MinRevision > 0)
        {
            Add("min_revision", options.MinRevision.ToString(CultureInfo.InvariantCulture));
        }

        return options.MaxStaleness is { } age ? Add("max_staleness", string.Create(CultureInfo.InvariantCulture, $"{(long)age.TotalMilliseconds}ms")) : this;
    }

    /// <summary>Adds the revision to read at, where it is not the present one.</summary>
    public RequestTarget AddRevision(long? revision) => revision is { } past ? Add("revision", past.ToString(CultureInfo.InvariantCulture)) : this;

    public override string ToString() => _text.ToString();
}
