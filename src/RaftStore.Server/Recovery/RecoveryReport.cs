using System.Globalization;
using RaftStore.Kv;
using RaftStore.Node;

namespace RaftStore.Server.Recovery;

/// <summary>Tells an operator what a data directory holds, what may be missing, and what a recovery makes of it.</summary>
internal static class RecoveryReport
{
    /// <summary>Writes it.</summary>
    public static void Write(TextWriter output, string path, SurvivingState state, NewCluster plan)
    {
        KvView view = state.Store.Current;
        Line(output, $"data directory   {path}");
        Line(output, $"belongs to       node {state.Identity.Name} (id {state.Identity.Node}) of cluster {state.Identity.Cluster}, in term {state.Term}");
        Line(output, $"members          {string.Join(", ", state.Members.Members.Select(member => $"{member.Name} at {member.PeerAddress}{(state.Members.IsLearner(member.Id) ? " (learner)" : "")}"))}");
        Line(output, state.Snapshot.Index == 0 ? $"snapshot         none" : (FormattableString)$"snapshot         up to entry {state.Snapshot.Index} of term {state.Snapshot.Term}");
        Line(output, $"last entry       {state.Last.Index} of term {state.Last.Term}: every entry up to it is here, and its revision is {view.Revision}");
        Line(output, $"known committed  up to entry {state.CommitIndex}, revision {state.CommittedRevision}");
        Line(output, $"holds            {view.KeyCount} keys, {view.StoredBytes} bytes, history from revision {view.CompactedRevision}");
        Line(output, $"state hash       {view.Hash}, every entry that is here applied");
        if (state.TornBytes > 0)
        {
            Line(output, $"torn tail        {state.TornBytes} bytes of a record that a crash cut short; this node had acknowledged none of it");
        }

        if (state.Quarantine is { } note)
        {
            Line(output, $"quarantined      at entry {note.Index} its state was {note.OwnHash}, and {(note.HasMajority ? "that of a majority" : "another member's")} {note.OtherHash}");
        }

        output.WriteLine();
        if (state.Quarantine is { HasMajority: var hasMajority })
        {
            output.WriteLine(hasMajority ? "This node's state was found to be wrong." : "This node's state was found to differ from another's, and nobody could say which was right.");
            output.WriteLine("What is recovered is made anew of its snapshot and its log: the log is right, the snapshot need not be.");
            output.WriteLine("If another member's directory is left that is not quarantined and whose last entry is no older, recover that one.");
        }

        WriteDoubts(output, state);
        output.WriteLine();
        Line(output, $"A recovery makes a new cluster with the one member {plan.Name} from all of this, in this directory; its revision goes on from {view.Revision + plan.RaiseBy}.");
        output.WriteLine("Do it only if a majority of the members is gone for good. Never start one of the others again afterwards: it belongs to the old cluster.");
    }

    private static void WriteDoubts(TextWriter output, SurvivingState state)
    {
        long doubtful = state.Last.Index - state.CommitIndex;
        if (doubtful > 0)
        {
            Line(output, $"Entries {state.CommitIndex + 1} to {state.Last.Index} ({doubtful}) are not known to be committed: their writes may have been acknowledged or not. They are kept.");
        }
        else
        {
            output.WriteLine("Every entry here is known to be committed.");
        }

        if (!state.Members.IsSoleVoter(state.Identity.Node))
        {
            Line(output, $"Missing may be: every write behind entry {state.Last.Index}. The others may have acknowledged some without this node, and nothing here says whether there were any.");
            output.WriteLine("If another member's directory is left, run this with --dry-run there too, and recover the one whose last entry has the higher term, or in the same term the higher number.");
        }
        else
        {
            output.WriteLine("Nothing acknowledged is missing: this was the only member with a vote.");
        }
    }

    private static void Line(TextWriter output, FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
