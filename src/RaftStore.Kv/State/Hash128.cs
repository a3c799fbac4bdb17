using System.Buffers.Binary;
using System.Numerics;

namespace RaftStore.Kv.State;

/// <summary>A fast 128-bit hash, the same on every machine. It tells apart states that differ by accident; it does not
/// withstand somebody who looks for collisions.</summary>
/// <remarks>Four lanes take one word each in turn, so that a processor works on four at once; words and then bytes are read little-endian,
/// and the last of the bytes are filled up with zeros. Lengths are not mixed in: a caller whose bytes have no fixed length puts
/// it among the words.</remarks>
internal static class Hash128
{
    private const ulong Spread = 0x9E3779B97F4A7C15;
    private const ulong Fold = 0xC2B2AE3D27D4EB4F;
    private const ulong Seed = 0x5261667453746F72;

    internal static UInt128 Compute(ReadOnlySpan<ulong> words, ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            ulong first = Seed;
            ulong second = Seed + Spread;
            ulong third = Seed + Fold;
            ulong fourth = Seed ^ (Spread * Fold);
            foreach (ulong word in words)
            {
                (first, second, third, fourth) = (second, third, fourth, Mix(first, word));
            }

            while (bytes.Length >= 4 * sizeof(ulong))
            {
                first = Mix(first, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
                second = Mix(second, BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(ulong)..]));
                third = Mix(third, BinaryPrimitives.ReadUInt64LittleEndian(bytes[(2 * sizeof(ulong))..]));
                fourth = Mix(fourth, BinaryPrimitives.ReadUInt64LittleEndian(bytes[(3 * sizeof(ulong))..]));
                bytes = bytes[(4 * sizeof(ulong))..];
            }

            while (!bytes.IsEmpty)
            {
                (first, second, third, fourth) = (second, third, fourth, Mix(first, ReadUpToEight(ref bytes)));
            }

            ulong upper = Mix(Mix(Mix(first, third), second), fourth);
            ulong lower = Mix(Mix(Mix(fourth, second), third), first);
            return new UInt128(Finish(upper), Finish(lower));
        }
    }

    private static ulong Mix(ulong lane, ulong word) => unchecked(BitOperations.RotateLeft(lane + (word * Fold), 31) * Spread);

    // The finaliser of SplitMix64: every bit of the input reaches every bit of the output.
    private static ulong Finish(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }

    private static ulong ReadUpToEight(ref ReadOnlySpan<byte> bytes)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        word.Clear();
        int count = Math.Min(bytes.Length, sizeof(ulong));
        bytes[..count].CopyTo(word);
        bytes = bytes[count..];
        return BinaryPrimitives.ReadUInt64LittleEndian(word);
    }
}
