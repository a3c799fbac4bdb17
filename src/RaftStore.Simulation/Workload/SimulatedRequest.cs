using System.Text;
using RaftStore.Kv;

namespace RaftStore.Simulation;

/// <summary>What a client asks for.</summary>
/// <param name="Key">The key; null for all of them.</param>
/// <param name="Value">The value of a put; null otherwise.</param>
/// <param name="Command">What is proposed; null for a read.</param>
internal sealed record SimulatedRequest(string? Key, string? Value, byte[]? Command)
{
    /// <summary>True for a compaction, which is about no key.</summary>
    public bool IsCompaction { get; private init; }

    public static SimulatedRequest Compact(long revision) => new(null, null, KvCommand.Compact(revision)) { IsCompaction = true };

    public static SimulatedRequest Put(string key, string value) => new(key, value, KvCommand.Put(Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(value)));

    public static SimulatedRequest PutIfAbsent(string key, string value)
        => new(key, value, KvCommand.Put(Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(value), new KvCondition(KvConditionKind.NotExists, 0)));

    public static SimulatedRequest Delete(string key) => new(key, null, KvCommand.Delete(Encoding.ASCII.GetBytes(key)));

    public static SimulatedRequest DeleteAll() => new(null, null, KvCommand.DeleteRange(KeyRange.Prefix("key"u8.ToArray())));

    public static SimulatedRequest Read(string key) => new(key, null, null);
}
