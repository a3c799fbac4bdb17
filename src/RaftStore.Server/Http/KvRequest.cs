using RaftStore.Kv;

namespace RaftStore.Server.Http;

/// <summary>One key-value request, parsed. Taken from a pool and given back when the answer is written; everything in it belongs to the
/// request that took it until then.</summary>
internal sealed class KvRequest(ValueBudget budget)
{
    /// <summary>The longest page of a list, and its default.</summary>
    public const int LimitMax = 1000;

    private readonly byte[] _key = new byte[KvCommand.KeyBytesMax];
    private int _keyLength;

    /// <summary>Which parameters the query named.</summary>
    public KvParameters Given { get; set; }

    /// <summary>True where the request is about one key.</summary>
    public bool HasKey => _keyLength > 0;

    /// <summary>The key; empty for a range.</summary>
    public ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);

    /// <summary>Where the key is decoded to; <see cref="SetKeyLength"/> says how much of it is the key.</summary>
    public Span<byte> KeyBuffer => _key;

    /// <summary><c>prefix</c>, or null.</summary>
    public byte[]? Prefix { get; set; }

    /// <summary><c>start</c>, or null.</summary>
    public byte[]? Start { get; set; }

    /// <summary><c>end</c>, or null.</summary>
    public byte[]? End { get; set; }

    /// <summary><c>limit</c>; 0 where it was not given.</summary>
    public int Limit { get; set; }

    /// <summary><c>cursor</c>, or null.</summary>
    public string? Cursor { get; set; }

    /// <summary><c>reverse</c>.</summary>
    public bool Reverse { get; set; }

    /// <summary><c>keys_only</c>.</summary>
    public bool KeysOnly { get; set; }

    /// <summary><c>count_only</c>.</summary>
    public bool CountOnly { get; set; }

    /// <summary><c>encoding=utf8</c>.</summary>
    public bool Utf8 { get; set; }

    /// <summary><c>consistency=stale</c>.</summary>
    public bool Stale { get; set; }

    /// <summary><c>min_revision</c>: the read waits until this node has it; 0 where it was not given.</summary>
    public long MinRevision { get; set; }

    /// <summary><c>revision</c>; -1 where the read is of the present.</summary>
    public long Revision { get; set; } = -1;

    /// <summary><c>max_staleness</c> in milliseconds; -1 where it was not given.</summary>
    public long MaxStalenessMs { get; set; } = -1;

    /// <summary><c>redirect</c>.</summary>
    public bool Redirect { get; set; }

    /// <summary><c>prev</c>.</summary>
    public bool WantsPrevious { get; set; }

    /// <summary>The value of a put and the command around it.</summary>
    public ValueBuffer Value { get; } = new(budget);

    /// <summary>The keys of a range request.</summary>
    public KeyRange Range => Prefix is { Length: > 0 } prefix ? KeyRange.Prefix(prefix) : new KeyRange(Start ?? [], End is null ? null : (ReadOnlyMemory<byte>?)End);

    /// <summary>Takes the first bytes of <see cref="KeyBuffer"/> as the key.</summary>
    public void SetKeyLength(int length) => _keyLength = length;

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        Value.End();
        _keyLength = 0;
        Given = KvParameters.None;
        Prefix = null;
        Start = null;
        End = null;
        Limit = 0;
        Cursor = null;
        Reverse = false;
        KeysOnly = false;
        CountOnly = false;
        Utf8 = false;
        Stale = false;
        MinRevision = 0;
        Revision = -1;
        MaxStalenessMs = -1;
        Redirect = false;
        WantsPrevious = false;
    }
}
