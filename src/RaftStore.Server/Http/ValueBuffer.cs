using System.Buffers;
using RaftStore.Kv;

namespace RaftStore.Server.Http;

/// <summary>A put's command while its value is still arriving: one pooled array with room for frame and key before the value, so that
/// the body is copied once, to where the node reads it. Belongs to one <see cref="KvRequest"/>.</summary>
internal sealed class ValueBuffer(ValueBudget budget)
{
    /// <summary>A body is given this much at first, and more only once that has arrived: announcing a long one costs the node nothing.</summary>
    private const int FirstBytes = 64 << 10;

    /// <summary>Arrays up to this size are not counted: the limit on connections bounds them.</summary>
    private const int UncountedBytes = 2 * FirstBytes;

    private byte[] _array = [];
    private int _valueStart;
    private int _length;

    /// <summary>Bytes of the value so far.</summary>
    public int ValueBytes => _length - _valueStart;

    /// <summary>Takes an array for a value behind a key of so many bytes.</summary>
    /// <param name="expectedBytes">The announced length; null for chunks.</param>
    public void Begin(int keyBytes, long? expectedBytes)
    {
        _valueStart = KvCommand.PutOverheadBytes + keyBytes;
        _array = ArrayPool<byte>.Shared.Rent(_valueStart + (int)Math.Min(expectedBytes ?? 4096, FirstBytes));
        _length = _valueStart;
    }

    /// <summary>Adds bytes of the value.</summary>
    /// <returns>False where the node holds as much of unfinished values as it may.</returns>
    public bool TryAppend(in ReadOnlySequence<byte> bytes)
    {
        int added = (int)bytes.Length;
        if (_length + added > _array.Length && !TryGrow(_length + added))
        {
            return false;
        }

        bytes.CopyTo(_array.AsSpan(_length));
        _length += added;
        return true;
    }

    /// <summary>Puts frame and key before the value.</summary>
    /// <returns>The command; valid until <see cref="End"/>.</returns>
    public ReadOnlyMemory<byte> Complete(ReadOnlySpan<byte> key, KvCondition condition, bool wantsPrevious)
    {
        int headBytes = KvCommand.WritePutHeader(_array.AsSpan(0, _valueStart), key, ValueBytes, condition, wantsPrevious);
        int start = _valueStart - headBytes;
        _array.AsSpan(0, headBytes).CopyTo(_array.AsSpan(start));
        return _array.AsMemory(start, _length - start);
    }

    /// <summary>Gives the array back; without one it does nothing.</summary>
    public void End()
    {
        if (_array.Length > 0)
        {
            budget.Release(Counted(_array));
            ArrayPool<byte>.Shared.Return(_array);
            _array = [];
        }
    }

    private bool TryGrow(int neededBytes)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(neededBytes, _array.Length * 2));
        if (!budget.TryReserve(Counted(larger) - Counted(_array)))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }

        _array.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
        return true;
    }

    private static int Counted(byte[] array) => array.Length <= UncountedBytes ? 0 : array.Length;
}

/// <summary>Bounds what long values that are still arriving hold together. Any thread.</summary>
internal sealed class ValueBudget(long bytesMax)
{
    private long _bytes;

    /// <summary>Bytes held now.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Takes so many bytes, or none.</summary>
    public bool TryReserve(int bytes)
    {
        if (bytes == 0 || Interlocked.Add(ref _bytes, bytes) <= bytesMax)
        {
            return true;
        }

        Interlocked.Add(ref _bytes, -bytes);
        return false;
    }

    /// <summary>Gives bytes back.</summary>
    public void Release(int bytes)
    {
        if (bytes != 0)
        {
            Interlocked.Add(ref _bytes, -bytes);
        }
    }
}
