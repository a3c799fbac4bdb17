using System.Buffers.Text;
using System.Text;

namespace RaftStore.Kvctl.Bench;

/// <summary>
/// One request, built once; before each sending only the digits of the key and the front of the value are overwritten.
/// </summary>
/// <remarks>For one thread. The bytes are valid until the next <see cref="Patch"/>.</remarks>
internal sealed class RequestTemplate
{
    /// <summary>Every key of a benchmark begins so: <c>kvctl del --prefix bench/</c> removes them.</summary>
    public const string KeyPrefix = "bench/";

    /// <summary>With the prefix 24 bytes, which base64 turns into 32 without padding.</summary>
    private const int KeyDigits = 18;

    /// <summary>The bytes at the front of a value that change with every write; base64 turns six into eight.</summary>
    private const int NonceBytes = 6;

    private readonly byte[] _bytes;
    private readonly bool _isBase64;
    private readonly int _keyOffset;
    private readonly int _valueOffset;
    private readonly int _nonceBytes;
    private readonly byte[] _key = Encoding.ASCII.GetBytes(KeyPrefix + new string('0', KeyDigits));

    private RequestTemplate(byte[] bytes, bool isBase64, int keyOffset, int valueOffset, int valueSize, bool isWrite)
    {
        _bytes = bytes;
        _isBase64 = isBase64;
        _keyOffset = keyOffset;
        _valueOffset = valueOffset;
        _nonceBytes = valueSize >= NonceBytes ? NonceBytes : 0;
        IsWrite = isWrite;
    }

    /// <summary>Whether it changes the store.</summary>
    public bool IsWrite { get; }

    /// <summary>The request as it goes on the wire.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>A request of a workload against a target.</summary>
    /// <param name="target">The kind of server.</param>
    /// <param name="isWrite">Whether to write a key or to read one.</param>
    /// <param name="isStale">For a read, whether the asked node's own state will do.</param>
    /// <param name="host">The <c>Host</c> header.</param>
    /// <param name="valueSize">The bytes of a written value.</param>
    /// <param name="random">Where the value comes from.</param>
    public static RequestTemplate Build(BenchTarget target, bool isWrite, bool isStale, string host, int valueSize, Random random)
    {
        byte[] value = new byte[isWrite ? valueSize : 0];
        random.NextBytes(value);
        return target switch
        {
            BenchTarget.RaftStore => BuildRaftStore(isWrite, isStale, host, value),
            BenchTarget.Etcd => BuildEtcd(isWrite, isStale, host, value),
            BenchTarget.Null => BuildNull(isWrite, host, value),
            _ => throw new ArgumentOutOfRangeException(nameof(target), target, null),
        };
    }

    /// <summary>Makes this the request for key <paramref name="number"/>, with a value made different by <paramref name="nonce"/>.</summary>
    public void Patch(long number, ulong nonce)
    {
        if (_keyOffset >= 0)
        {
            for (int i = _key.Length - 1; i >= KeyPrefix.Length; i--)
            {
                _key[i] = (byte)('0' + (number % 10));
                number /= 10;
            }

            Place(_key, _keyOffset);
        }

        if (IsWrite && _nonceBytes > 0)
        {
            Span<byte> front = stackalloc byte[sizeof(ulong)];
            BitConverter.TryWriteBytes(front, nonce);
            Place(front[..NonceBytes], _valueOffset);
        }
    }

    private static RequestTemplate BuildRaftStore(bool isWrite, bool isStale, string host, byte[] value)
    {
        string path = "/v1/kv/" + KeyPrefix;
        string head = isWrite
            ? $"PUT {path}{new string('0', KeyDigits)} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {value.Length}\r\n\r\n"
            : $"GET {path}{new string('0', KeyDigits)}{(isStale ? "?consistency=stale" : "")} HTTP/1.1\r\nHost: {host}\r\n\r\n";
        byte[] bytes = [.. Encoding.ASCII.GetBytes(head), .. value];
        int keyOffset = head.IndexOf(KeyPrefix, StringComparison.Ordinal);
        return new RequestTemplate(bytes, isBase64: false, keyOffset, head.Length, value.Length, isWrite);
    }

    /// <summary>etcd's JSON gateway; its <c>serializable</c> reads are what stale reads are here.</summary>
    private static RequestTemplate BuildEtcd(bool isWrite, bool isStale, string host, byte[] value)
    {
        string key = Convert.ToBase64String(Encoding.ASCII.GetBytes(KeyPrefix + new string('0', KeyDigits)));
        string body = isWrite
            ? $$"""{"key":"{{key}}","value":"{{Convert.ToBase64String(value)}}"}"""
            : $$"""{"key":"{{key}}"{{(isStale ? ",\"serializable\":true" : "")}}}""";
        string head = $"POST /v3/kv/{(isWrite ? "put" : "range")} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
        int keyOffset = head.Length + "{\"key\":\"".Length;
        int valueOffset = keyOffset + key.Length + "\",\"value\":\"".Length;
        return new RequestTemplate(Encoding.ASCII.GetBytes(head + body), isBase64: true, keyOffset, valueOffset, value.Length, isWrite);
    }

    private static RequestTemplate BuildNull(bool isWrite, string host, byte[] value)
    {
        string head = isWrite
            ? $"PUT / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {value.Length}\r\n\r\n"
            : $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n";
        byte[] bytes = [.. Encoding.ASCII.GetBytes(head), .. value];
        return new RequestTemplate(bytes, isBase64: false, keyOffset: -1, head.Length, value.Length, isWrite);
    }

    private void Place(ReadOnlySpan<byte> bytes, int offset)
    {
        if (_isBase64)
        {
            Base64.EncodeToUtf8(bytes, _bytes.AsSpan(offset), out _, out _, isFinalBlock: true);
        }
        else
        {
            bytes.CopyTo(_bytes.AsSpan(offset));
        }
    }
}
