namespace RaftStore.Raft.Tests.Fuzzing;

[Trait("Category", "Fuzz")]
public sealed class CodecFuzzTests
{
    [Fact]
    public void Configurations_WhateverTheBytes_AreDecodedOrRefused()
    {
        Configuration joint = new(
            [new Member(new NodeId(1), "n1", "h1:1", "http://c1"), new Member(new NodeId(2), "n2", "h2:2", ""), new Member(new NodeId(3), "n3", "h3:3", "")]);
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            1,
            [ConfigurationCodec.Encode(joint), ConfigurationCodec.Encode(new Configuration([new Member(new NodeId(7), "solo", "h:1", "")]))],
            bytes => ConfigurationCodec.TryDecode(bytes) is { } configuration ? Again(configuration) : "refused").Run();

        Assert.True(places.Count >= 2, string.Join('\n', places));
    }

    [Fact]
    public void Batches_WhateverTheBytes_AreDecodedOrRefused()
    {
        byte[] sample = EntryBatch.Seal(new EntryId(5, 3), 1234, EntryKind.Command, [new byte[3], new byte[40], Array.Empty<byte>()]).Bytes.ToArray();
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            2,
            [sample],
            bytes => EntryBatch.TryDecode(bytes, out string? error) is { } batch ? $"decoded {batch.Kind}" : error!,
            bytes =>
            {
                if (bytes.Length > 4)
                {
                    System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Compute(bytes.AsSpan(4)));
                }

                return bytes;
            }).Run();

        Assert.True(places.Count >= 2, string.Join('\n', places));
    }

    // What was decoded is a configuration like any other.
    private static string Again(Configuration configuration)
    {
        Assert.NotNull(ConfigurationCodec.TryDecode(ConfigurationCodec.Encode(configuration)));
        return "decoded";
    }
}
