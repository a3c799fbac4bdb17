using System.Globalization;
using RaftStore.Raft;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Http;

/// <summary>The headers that every answer carries. Any thread.</summary>
internal sealed class CommonHeaders(NodeHost host, string nodeName)
{
    private const string RevisionHeader = "RaftStore-Revision";
    private const string NodeHeader = "RaftStore-Node";
    private const string LeaderHeader = "RaftStore-Leader";
    private const string TermHeader = "RaftStore-Term";

    /// <summary>The texts of the leader and term seen last: they change with an election, not with a request.</summary>
    private LeaderTexts _texts = new(NodeId.None, 0, null, "0");

    /// <summary>Sets them as this node sees things now.</summary>
    public void Apply(HttpResponse response) => Apply(response, host.Node?.View.Revision ?? 0);

    /// <summary>Sets them, with the revision that the answer is about.</summary>
    public void Apply(HttpResponse response, long revision)
    {
        LeaderTexts texts = Current();
        IHeaderDictionary headers = response.Headers;
        headers[RevisionHeader] = revision.ToString(CultureInfo.InvariantCulture);
        headers[NodeHeader] = nodeName;
        headers[TermHeader] = texts.TermText;
        if (texts.LeaderName is not null)
        {
            headers[LeaderHeader] = texts.LeaderName;
        }
    }

    /// <summary>The leader's name, or null where none is known.</summary>
    public string? LeaderName => Current().LeaderName;

    private LeaderTexts Current()
    {
        LeaderTexts texts = _texts;
        if (host.Node?.Status is not { } status)
        {
            return texts;
        }

        if (status.Leader != texts.Leader || status.Term != texts.Term)
        {
            Member? leader = status.Leader.IsNone ? null : status.Configuration.Find(status.Leader);
            texts = new LeaderTexts(status.Leader, status.Term, leader?.Name, status.Term.ToString(CultureInfo.InvariantCulture));
            _texts = texts;
        }

        return texts;
    }

    private sealed record LeaderTexts(NodeId Leader, long Term, string? LeaderName, string TermText);
}
