using System.Text;
using RaftStore.Kv;

namespace RaftStore.Simulation;

/// <summary>What kinds of requests there are.</summary>
internal enum RequestKind
{
    /// <summary>Writes one key or all of them.</summary>
    Write,

    /// <summary>Reads the newest value.</summary>
    Read,

    /// <summary>Reads whatever the node has, at the client's least revision or later.</summary>
    ReadAtLeast,

    /// <summary>Reads the past, at one revision.</summary>
    ReadPast,

    /// <summary>Compacts, which is about no key.</summary>
    Compact,

    /// <summary>Changes a setting, which is about no key.</summary>
    ChangeSettings,
}

/// <summary>What a client asks for.</summary>
/// <param name="Kind">What kind of request it is.</param>
/// <param name="Key">The key; null for all of them, or none.</param>
/// <param name="Value">The value of a put; null otherwise.</param>
/// <param name="Command">What is proposed; null for a read.</param>
/// <param name="Revision">The least revision of the answer, or the one to be read or compacted; 0 otherwise.</param>
/// <param name="IfAbsent">Whether the key must not exist.</param>
internal sealed record SimulatedRequest(RequestKind Kind, string? Key, string? Value, byte[]? Command, long Revision = 0, bool IfAbsent = false)
{
    public static SimulatedRequest Compact(long revision) => new(RequestKind.Compact, null, null, KvCommand.Compact(revision), revision);

    public static SimulatedRequest Put(string key, string value)
        => new(RequestKind.Write, key, value, KvCommand.Put(Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(value)));

    public static SimulatedRequest PutIfAbsent(string key, string value)
        => new(RequestKind.Write, key, value, KvCommand.Put(Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(value), new KvCondition(KvConditionKind.NotExists, 0)), IfAbsent: true);

    public static SimulatedRequest Delete(string key) => new(RequestKind.Write, key, null, KvCommand.Delete(Encoding.ASCII.GetBytes(key)));

    public static SimulatedRequest DeleteAll() => new(RequestKind.Write, null, null, KvCommand.DeleteRange(KeyRange.Prefix("key"u8.ToArray())));

    /// <summary>How long history is kept: as short as it may be, or a few revisions, or the default.</summary>
    public static SimulatedRequest KeepHistory(long ageMs, long revisions) => new(RequestKind.ChangeSettings, null, null, KvCommand.ChangeSettings(
    [
        new KvSettingChange(KvSetting.Find("historyAge")!, ageMs),
        new KvSettingChange(KvSetting.Find("historyRevisionsMin")!, revisions),
    ]));

    public static SimulatedRequest Read(string key) => new(RequestKind.Read, key, null, null);

    public static SimulatedRequest ReadAtLeast(string key, long revision) => new(RequestKind.ReadAtLeast, key, null, null, revision);

    public static SimulatedRequest ReadPast(string key, long revision) => new(RequestKind.ReadPast, key, null, null, revision);
}
