namespace RaftStore.Server.Http;

/// <summary>Walks over the parameters of a raw query, in order, without copying: <c>name=value&amp;name&amp;name=</c>.</summary>
internal ref struct QueryReader(ReadOnlySpan<char> query)
{
    private ReadOnlySpan<char> _rest = query;

    /// <summary>The parameter's name, as it stood.</summary>
    public ReadOnlySpan<char> Name { get; private set; }

    /// <summary>Its value, still encoded; empty where there is none.</summary>
    public ReadOnlySpan<char> Value { get; private set; }

    /// <summary>False for <c>name</c> alone, true for <c>name=</c>.</summary>
    public bool HasValue { get; private set; }

    /// <summary>Moves to the next parameter; empty ones (<c>&amp;&amp;</c>) are passed over.</summary>
    public bool Next()
    {
        while (!_rest.IsEmpty)
        {
            int end = _rest.IndexOf('&');
            ReadOnlySpan<char> parameter = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? default : _rest[(end + 1)..];
            if (parameter.IsEmpty)
            {
                continue;
            }

            int equals = parameter.IndexOf('=');
            HasValue = equals >= 0;
            Name = HasValue ? parameter[..equals] : parameter;
            Value = HasValue ? parameter[(equals + 1)..] : default;
            return true;
        }

        return false;
    }
}
