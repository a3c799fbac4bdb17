using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace RaftStore.Server.Http;

/// <summary>A short JSON text put together on the stack, so that its length is known before the first byte of it is sent.</summary>
internal ref struct ShortJson
{
    private const int Capacity = 96;

    private Buffer _buffer;
    private int _length;

    /// <summary>What was appended.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public ReadOnlySpan<byte> Written => ((ReadOnlySpan<byte>)_buffer)[.._length];

    /// <summary>Appends UTF-8.</summary>
    public void Append(ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(((Span<byte>)_buffer)[_length..]);
        _length += utf8.Length;
    }

    /// <summary>Appends a number.</summary>
    public void Append(long number)
    {
        if (!Utf8Formatter.TryFormat(number, ((Span<byte>)_buffer)[_length..], out int written))
        {
            throw new InvalidOperationException("The text is longer than its buffer.");
        }

        _length += written;
    }

    [InlineArray(Capacity)]
    private struct Buffer
    {
        private byte _first;
    }
}
