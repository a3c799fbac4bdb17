using System.Text;

namespace RaftStore.Client;

/// <summary>
/// A request that ended without a usable answer. <see cref="Outcome"/> says whether a write may have happened; the
/// message is one line and fit for a user.
/// </summary>
public sealed class RaftStoreException : Exception
{
    /// <summary>Creates the failure of one request.</summary>
    /// <param name="outcome">Whether the request may have changed the store.</param>
    /// <param name="message">One line that says what went wrong.</param>
    /// <param name="innerException">The transport's own error, where there is one.</param>
    public RaftStoreException(Outcome outcome, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Outcome = outcome;
    }

    /// <summary>Whether the request may have changed the store.</summary>
    public Outcome Outcome { get; }

    /// <summary>The HTTP status of the last answer; null when no node answered.</summary>
    public int? Status { get; init; }

    /// <summary>The stable problem type, such as <c>urn:raftstore:error:no-leader</c>; null when the answer had none.</summary>
    public string? Type { get; init; }

    /// <summary>The server's explanation, or this client's when no node answered.</summary>
    public string? Detail { get; init; }

    /// <summary>The name of the leader as the last answer gave it; null when unknown.</summary>
    public string? Leader { get; init; }

    /// <summary>The endpoint that gave the last answer or failed last.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>How many times the request was tried, the failed connection attempts included.</summary>
    public int Attempts { get; init; }

    internal static string Describe(int status, string? title, string? detail, Uri endpoint)
    {
        var text = new StringBuilder();
        text.Append(endpoint.Authority).Append(" answered ").Append(status);
        if (!string.IsNullOrEmpty(title))
        {
            text.Append(" (").Append(title).Append(')');
        }

        if (!string.IsNullOrEmpty(detail))
        {
            text.Append(": ").Append(detail);
        }

        return text.ToString();
    }
}
