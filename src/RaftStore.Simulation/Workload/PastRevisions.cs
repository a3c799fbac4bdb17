using System.Runtime.InteropServices;
using System.Text;
using RaftStore.Kv;

namespace RaftStore.Simulation;

/// <summary>What clients read at revisions, past and present. A revision never changes: whoever reads it again, later or on another
/// machine, must read the same. A value that nobody wrote tells nothing.</summary>
internal sealed class PastRevisions
{
    private readonly Dictionary<(string Key, long Revision), (long ModRevision, string? Value)> _seen = [];

    /// <summary>Reads a key at a revision that the view can read, and holds it against everything read of it before.</summary>
    public void Read(KvView view, string key, long revision)
    {
        bool found = view.TryGet(Encoding.ASCII.GetBytes(key), revision, out KvItem item);
        (long, string?) now = found ? (item.ModRevision, Encoding.ASCII.GetString(item.Value.Span)) : (0, null);
        if (FalseVersion.IsFalse(now.Item2))
        {
            return;
        }

        ref (long, string?) seen = ref CollectionsMarshal.GetValueRefOrAddDefault(_seen, (key, revision), out bool wasSeen);
        if (!wasSeen)
        {
            seen = now;
        }
        else if (seen != now)
        {
            throw new SimulationFailureException($"{key} at revision {revision} was {seen} and is {now}");
        }
    }
}
