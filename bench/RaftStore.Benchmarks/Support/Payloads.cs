namespace RaftStore.Benchmarks.Support;

/// <summary>Bytes that are the same in every run.</summary>
internal static class Payloads
{
    /// <summary>Random bytes, so that no layer profits from zeros.</summary>
    public static byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>The key of a number, 24 bytes, spread over the key space so that neighbours in time are not neighbours in the tree.</summary>
    public static byte[] Key(int number)
        => System.Text.Encoding.ASCII.GetBytes($"key/{unchecked((uint)number * 2_654_435_761u):x8}/{number:d11}");
}
