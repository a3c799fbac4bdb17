using System.Text;
using RaftStore.Client.Keys;

namespace RaftStore.Client;

/// <summary>A set of neighbouring keys in byte order.</summary>
/// <remarks>The bytes are not copied: they must not change while a request that uses the range runs.</remarks>
public readonly struct KeyRange
{
    private readonly bool _isPrefix;
    private readonly ReadOnlyMemory<byte> _start;
    private readonly ReadOnlyMemory<byte> _end;

    private KeyRange(bool isPrefix, ReadOnlyMemory<byte> start, ReadOnlyMemory<byte> end)
    {
        _isPrefix = isPrefix;
        _start = start;
        _end = end;
    }

    /// <summary>Every key. A range delete refuses it.</summary>
    public static KeyRange All => default;

    /// <summary>The keys that begin with <paramref name="prefix"/>; an empty prefix is every key.</summary>
    public static KeyRange Prefix(ReadOnlyMemory<byte> prefix) => new(isPrefix: true, prefix, default);

    /// <summary>The keys that begin with the UTF-8 form of <paramref name="prefix"/>.</summary>
    public static KeyRange Prefix(string prefix) => Prefix(Encoding.UTF8.GetBytes(prefix));

    /// <summary>The keys from <paramref name="start"/> (empty: the first key) up to but without <paramref name="end"/> (empty: no upper bound).</summary>
    public static KeyRange Between(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte> end) => new(isPrefix: false, start, end);

    /// <summary>Whether the range holds every key.</summary>
    public bool IsEverything => _start.IsEmpty && _end.IsEmpty;

    internal void AppendTo(RequestTarget target)
    {
        if (!_start.IsEmpty)
        {
            target.AddBytes(_isPrefix ? "prefix" : "start", _start.Span);
        }

        if (!_end.IsEmpty)
        {
            target.AddBytes("end", _end.Span);
        }
    }
}
