using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Unicode;
using RaftStore.Kv;

namespace RaftStore.Server.Http;

/// <summary>Writes items as the contract draws them.</summary>
internal static class ItemWriter
{
    /// <summary>Values up to this size are written at once; longer ones in slices, each sent off before the next.</summary>
    private const int ShortValueBytes = 32 << 10;

    /// <summary>Writes one item.</summary>
    /// <param name="utf8">True to show key and value as plain strings where both are valid UTF-8.</param>
    /// <returns>False where the client is gone.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<bool> WriteItemAsync(this PipeWriter writer, KvItem item, bool keysOnly, bool utf8)
    {
        bool plain = utf8 && Utf8.IsValid(item.Key.Span) && (keysOnly || Utf8.IsValid(item.Value.Span));
        writer.Write("{\"key\":"u8);
        WriteShort(writer, item.Key.Span, plain);
        if (!keysOnly)
        {
            writer.Write(",\"value\":"u8);
            if (item.Value.Length <= ShortValueBytes)
            {
                WriteShort(writer, item.Value.Span, plain);
            }
            else if (!await writer.WriteLongStringAsync(item.Value, plain))
            {
                return false;
            }
        }

        WriteTail(writer, item, utf8, plain);
        return true;
    }

    private static void WriteTail(PipeWriter writer, in KvItem item, bool utf8, bool plain)
    {
        writer.Write(",\"createRevision\":"u8);
        writer.WriteNumber(item.CreateRevision);
        writer.Write(",\"modRevision\":"u8);
        writer.WriteNumber(item.ModRevision);
        writer.Write(",\"version\":"u8);
        writer.WriteNumber(item.Version);
        if (item.Lease != 0)
        {
            writer.Write(",\"lease\":\""u8);
            writer.WriteNumber(item.Lease);
            writer.Write("\""u8);
        }

        if (utf8)
        {
            writer.Write(plain ? ",\"encoding\":\"utf8\""u8 : ",\"encoding\":\"base64\""u8);
        }

        writer.Write("}"u8);
    }

    private static void WriteShort(PipeWriter writer, ReadOnlySpan<byte> bytes, bool plain)
    {
        if (plain)
        {
            writer.WriteUtf8String(bytes);
        }
        else
        {
            writer.WriteBase64String(bytes);
        }
    }
}
