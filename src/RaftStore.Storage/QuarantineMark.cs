using System.Buffers;
using System.Text.Json;

namespace RaftStore.Storage;

/// <summary>Why a node was quarantined, as its mark tells.</summary>
/// <param name="Index">The applied index at which the hashes were compared; 0 where the mark does not tell.</param>
/// <param name="OwnHash">What the node's state came to.</param>
/// <param name="OtherHash">What the others' came to.</param>
/// <param name="HasMajority">True where a majority agreed on the other hash.</param>
public sealed record QuarantineNote(long Index, string OwnHash, string OtherHash, bool HasMajority);

/// <summary>The mark in a data directory that says: this node's state is known to be wrong. That the file is there is what counts; its
/// content is for people, so a damaged one is a mark too. One thread at a time.</summary>
public sealed class QuarantineMark
{
    /// <summary>The file's name in the data directory.</summary>
    public const string Name = "quarantine.json";

    /// <summary>A number, a flag and two hashes take 200 bytes.</summary>
    private const int LengthBytesMax = 4096;

    private static readonly JsonWriterOptions Layout = new() { Indented = true, NewLine = "\n" };

    private readonly IFileSystem _files;
    private readonly string _directory;

    internal QuarantineMark(IFileSystem files, string directory)
    {
        _files = files;
        _directory = directory;
    }

    private string Path => DurableFiles.Combine(_directory, Name);

    /// <summary>What the mark says; null where there is none.</summary>
    public QuarantineNote? Read()
    {
        if (!_files.FileExists(Path))
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(DurableFiles.ReadWhole(_files, Path, LengthBytesMax));
            JsonElement root = document.RootElement;
            return new QuarantineNote(
                Math.Max(0, root.GetProperty("index").GetInt64()),
                root.GetProperty("ownHash").GetString() ?? "",
                root.GetProperty("otherHash").GetString() ?? "",
                root.GetProperty("hasMajority").GetBoolean());
        }
        catch (Exception failure) when (failure is DataDirectoryException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return new QuarantineNote(0, "", "", HasMajority: true);
        }
    }

    /// <summary>Makes a mark durable, in place of one that is there.</summary>
    /// <exception cref="StorageIoException">It is not known to be durable.</exception>
    public void Write(QuarantineNote note)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text, Layout))
        {
            json.WriteStartObject();
            json.WriteNumber("index", note.Index);
            json.WriteString("ownHash", note.OwnHash);
            json.WriteString("otherHash", note.OtherHash);
            json.WriteBoolean("hasMajority", note.HasMajority);
            json.WriteEndObject();
        }

        DurableFiles.Replace(_files, _directory, Name, text.WrittenSpan);
    }

    /// <summary>Removes the mark, durably.</summary>
    /// <exception cref="StorageIoException">It is not known whether the next start finds it.</exception>
    public void Remove()
    {
        if (_files.FileExists(Path))
        {
            _files.Delete(Path);
            _files.SyncDirectory(_directory);
        }
    }
}
