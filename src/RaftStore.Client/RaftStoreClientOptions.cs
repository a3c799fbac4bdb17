namespace RaftStore.Client;

/// <summary>How a <see cref="RaftStoreClient"/> reaches the cluster. Read once, when the client is made.</summary>
public sealed class RaftStoreClientOptions
{
    /// <summary>The client addresses of the nodes, <c>http://host:port</c>; at least one. Any node takes any request.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>
    /// How long one call may take with all its attempts and pauses. The default of 10 s is twice the server's own
    /// request timeout, so that a server which gives up can still say with which outcome.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long one node may take to answer a read before the next node is asked as well; the first answer wins. A write
    /// is never sent to a second node for this: it might be applied twice.
    /// </summary>
    public TimeSpan ReadPatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the connection to one node may take before the next node is tried.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The first pause after every endpoint was tried once without success; it doubles up to 16 times that, with
    /// jitter. The default lets a client see a new leader soon after an election without pressing on the nodes.
    /// </summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>
    /// How often all endpoints in a row may refuse the connection before the call fails, though time is left: nobody
    /// is listening, and waiting longer rarely helps a user.
    /// </summary>
    public int UnreachableRounds { get; init; } = 4;

    /// <summary>
    /// The largest answer taken, in bytes. The default leaves room for the largest value a server can be set to take
    /// (16 MiB) and for the largest page of a listing (4 MiB before base64).
    /// </summary>
    public int AnswerBytesMax { get; init; } = 32 * 1024 * 1024;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Endpoints);
        if (Endpoints.Count == 0)
        {
            throw new ArgumentException("At least one endpoint is needed.", nameof(Endpoints));
        }

        foreach (Uri endpoint in Endpoints)
        {
            if (!endpoint.IsAbsoluteUri || (endpoint.Scheme != Uri.UriSchemeHttp && endpoint.Scheme != Uri.UriSchemeHttps)
                || endpoint.PathAndQuery != "/" || endpoint.UserInfo.Length > 0 || endpoint.Fragment.Length > 0)
            {
                throw new ArgumentException($"The endpoint '{endpoint}' is not of the form http://host:port.", nameof(Endpoints));
            }
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ReadPatience, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ConnectTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RetryDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(UnreachableRounds, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(AnswerBytesMax, 1);
    }
}
