using System.Globalization;

namespace RaftStore.Storage;

/// <summary>A place in the log: bytes before it were written earlier. It only ever grows, because the log is never rewound.</summary>
/// <param name="Segment">Sequence number of the segment, from 1.</param>
/// <param name="OffsetBytes">Offset in its file. 0 where its header is not written.</param>
internal readonly record struct LogPosition(long Segment, long OffsetBytes) : IComparable<LogPosition>
{
    public int CompareTo(LogPosition other) => Segment != other.Segment ? Segment.CompareTo(other.Segment) : OffsetBytes.CompareTo(other.OffsetBytes);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Segment:x}:{OffsetBytes}");

    public static bool operator <(LogPosition left, LogPosition right) => left.CompareTo(right) < 0;

    public static bool operator >(LogPosition left, LogPosition right) => left.CompareTo(right) > 0;

    public static bool operator <=(LogPosition left, LogPosition right) => left.CompareTo(right) <= 0;

    public static bool operator >=(LogPosition left, LogPosition right) => left.CompareTo(right) >= 0;
}
