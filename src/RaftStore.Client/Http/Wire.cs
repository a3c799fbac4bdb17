using System.Text.Json.Serialization;

namespace RaftStore.Client.Http;

/// <summary>The JSON bodies of the API that have no public type of their own.</summary>
internal static class Wire
{
    internal sealed record PutAnswer(long Revision, long Version, KvItem? Prev = null);

    internal sealed record DeleteAnswer(long Revision, long Deleted);

    internal sealed record CompactAnswer(long Revision, long CompactedRevision);

    internal sealed record ListAnswer(long Revision, long Count, bool More = false, string? Cursor = null, KvItem[]? Items = null);

    internal sealed record RepairAnswer(string Stage, long SnapshotIndex, long ReceivedBytes, long LengthBytes);

    internal sealed record Problem(string? Type = null, string? Title = null, string? Detail = null, string? Leader = null, string? Outcome = null);
}

/// <summary>The generated readers of those bodies: nothing is reflected at run time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Wire.PutAnswer))]
[JsonSerializable(typeof(Wire.DeleteAnswer))]
[JsonSerializable(typeof(Wire.CompactAnswer))]
[JsonSerializable(typeof(Wire.ListAnswer))]
[JsonSerializable(typeof(Wire.RepairAnswer))]
[JsonSerializable(typeof(Wire.Problem))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(NodeFaults))]
[JsonSerializable(typeof(NodeStatus))]
internal sealed partial class WireJson : JsonSerializerContext;
