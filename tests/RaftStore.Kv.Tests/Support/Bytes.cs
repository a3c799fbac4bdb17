using System.Globalization;
using System.Text;
using RaftStore.Kv.State;

namespace RaftStore.Kv.Tests.Support;

/// <summary>Short ways to write bytes, commands and stores.</summary>
internal static class Bytes
{
    internal static readonly IComparer<byte[]> Order = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));

    internal static byte[] Of(string text) => Encoding.UTF8.GetBytes(text);

    internal static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    internal static byte[] Numbered(string prefix, int number) => Of(prefix + number.ToString("D6", CultureInfo.InvariantCulture));

    internal static KeyRange Range(string start, string? end) => Range(Of(start), end is null ? null : Of(end));

    internal static KeyRange Range(byte[] start, byte[]? end) => end is null ? KeyRange.From(start) : KeyRange.Between(start, end);

    internal static KvStore Store(KvLimits limits) => new(new KvState(limits));

    internal static bool HasBacklog(this KvStore store) => store.HistoryWait == HistoryWait.Entries;

    internal static byte[] Random(Random random, int lengthMin, int lengthMax)
    {
        byte[] bytes = new byte[random.Next(lengthMin, lengthMax + 1)];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>An item as text, so that two of them can be compared by what they hold.</summary>
    internal static string Describe(KvItem item) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Convert.ToHexString(item.Key.Span)}={Convert.ToHexString(item.Value.Span)} c{item.CreateRevision} m{item.ModRevision} v{item.Version} l{item.Lease}");
}
