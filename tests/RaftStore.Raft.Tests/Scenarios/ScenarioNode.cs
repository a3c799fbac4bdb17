using System.Globalization;
using RaftStore.Raft.Tests.Cluster;

namespace RaftStore.Raft.Tests.Scenarios;

/// <summary>One node of a scenario: the core, its disk and its clock.</summary>
internal sealed class ScenarioNode(NodeId id, Configuration configuration)
{
    private long _nowMs = 10_000;

    public NodeId Id { get; } = id;

    public TestDisk Disk { get; } = new();

    public Queue<(PersistRequest Request, Message[] Answers)> Writes { get; } = new();

    public RaftNode? Raft { get; private set; }

    public EntryId LastApplied => new(Raft!.AppliedIndex, Disk.Batches.FirstOrDefault(batch => batch.LastIndex == Raft.AppliedIndex)?.Term ?? Disk.Base.Term);

    public void Preload(string[] settings)
    {
        foreach (string setting in settings)
        {
            string value = setting[(setting.IndexOf('=') + 1)..];
            if (setting.StartsWith("terms=", StringComparison.Ordinal))
            {
                Disk.Preload(Driver.Batches(1, [.. value.Split(',').Select(term => long.Parse(term, CultureInfo.InvariantCulture))]));
            }
            else
            {
                Disk.HardState = new HardState(long.Parse(value, CultureInfo.InvariantCulture), NodeId.None);
            }
        }

        if (Disk.HardState.Term < Disk.Last.Term)
        {
            Disk.HardState = new HardState(Disk.Last.Term, NodeId.None);
        }
    }

    public void Start(RaftOptions options)
    {
        var own = new RaftOptions
        {
            Id = Id,
            Seed = Id.Value,
            AppendBytesMax = options.AppendBytesMax,
            CatchUpBytes = options.CatchUpBytes,
            InflightMessagesMax = options.InflightMessagesMax,
        };
        Raft = new RaftNode(own, Disk.Recover(configuration, _nowMs));
    }

    public void Crash()
    {
        Raft = null;
        Writes.Clear();
    }

    public void Tick(long ms)
    {
        _nowMs += ms;
        Raft!.Tick(_nowMs);
    }
}
