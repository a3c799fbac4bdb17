using System.Buffers;
using System.Text.Json;
using RaftStore.Client.Http;

namespace RaftStore.Client;

/// <summary>Changes who belongs to the cluster, and who leads it. From <see cref="RaftStoreClient.Members"/>; safe for use by many threads.</summary>
/// <remarks>Members are named by their id or their name. Every call but a repair returns once the change is over, and all throw
/// <see cref="RaftStoreException"/> with the cluster's reason where it is refused (status 404 or 409): nothing is changed then.</remarks>
public sealed class MembersClient
{
    private const string MembersTarget = "/v1/cluster/members";

    private readonly RequestRunner _runner;

    internal MembersClient(RequestRunner runner) => _runner = runner;

    /// <summary>Takes in a member without a vote, which gets one by itself once it has caught up. Its process must run already: the cluster looks
    /// whether it answers.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="peer">host:port where the other members reach it.</param>
    /// <param name="client">The URL where clients reach it, where it is known.</param>
    /// <param name="promote">False keeps it without a vote until <see cref="PromoteAsync"/>.</param>
    /// <param name="force">Also where nobody answers at <paramref name="peer"/>, or somebody else does.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its id.</returns>
    public Task<string> AddAsync(string name, string peer, string? client = null, bool promote = true, bool force = false, CancellationToken cancellationToken = default)
        => ChangeAsync(HttpMethod.Post, MembersTarget + Forced(force), cancellationToken, ("name", name), ("peer", peer), ("client", client), ("promote", promote));

    /// <summary>Gives a member that has caught up a vote.</summary>
    public Task<string> PromoteAsync(string member, CancellationToken cancellationToken = default)
        => ChangeAsync(HttpMethod.Post, $"{Target(member)}/promote", cancellationToken);

    /// <summary>Changes where a member is reached; null leaves an address as it is.</summary>
    /// <param name="member">Its id or name.</param>
    /// <param name="peer">host:port where the other members reach it.</param>
    /// <param name="client">The URL where clients reach it.</param>
    /// <param name="force">Also where another node answers at <paramref name="peer"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<string> UpdateAsync(string member, string? peer, string? client, bool force = false, CancellationToken cancellationToken = default)
        => ChangeAsync(HttpMethod.Patch, Target(member) + Forced(force), cancellationToken, ("peer", peer), ("client", client));

    /// <summary>Takes a member out; its process ends by itself.</summary>
    /// <param name="member">Its id or name.</param>
    /// <param name="force">Also where too few of those that remain answer, or only one would remain of two.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<string> RemoveAsync(string member, bool force = false, CancellationToken cancellationToken = default)
        => ChangeAsync(HttpMethod.Delete, Target(member) + Forced(force), cancellationToken);

    /// <summary>Takes in a member for another one: once it has caught up it gets a vote and the other leaves, in one change. Its process may be
    /// started afterwards.</summary>
    /// <param name="member">The id or name of the member that leaves.</param>
    /// <param name="name">The new member's name.</param>
    /// <param name="peer">host:port where the other members reach the new one.</param>
    /// <param name="force">Also where a node answers at <paramref name="peer"/> that is neither of the two.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The new member's id.</returns>
    public Task<string> ReplaceAsync(string member, string name, string peer, bool force = false, CancellationToken cancellationToken = default)
        => ChangeAsync(HttpMethod.Post, $"{Target(member)}/replace{Forced(force)}", cancellationToken, ("name", name), ("peer", peer));

    /// <summary>Has a quarantined member take the leader's state in place of its own, and waits a little for it. It goes on by itself, and
    /// another call joins it.</summary>
    /// <param name="member">Its id or name.</param>
    /// <param name="trustState">True to take the member's state for right as it is, where no majority says otherwise.</param>
    /// <param name="cancellationToken">Ends the call, not the repair.</param>
    public async Task<RepairProgress> RepairAsync(string member, bool trustState = false, CancellationToken cancellationToken = default)
    {
        Answer answer = await _runner.RunAsync(
            new Call { Method = HttpMethod.Post, Target = $"{Target(member)}/repair" + (trustState ? "?trust=true" : ""), IsWrite = true, PrefersLeader = true },
            cancellationToken);
        if (answer.Status is not (200 or 202))
        {
            throw answer.ToException();
        }

        Wire.RepairAnswer repair = answer.Read(WireJson.Default.RepairAnswer);
        return new RepairProgress
        {
            IsDone = answer.Status == 200,
            Stage = repair.Stage,
            SnapshotIndex = repair.SnapshotIndex,
            ReceivedBytes = repair.ReceivedBytes,
            LengthBytes = repair.LengthBytes,
        };
    }

    /// <summary>Hands the leadership over.</summary>
    /// <param name="to">Who shall lead; null for whoever is best.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The name of the leader.</returns>
    public async Task<string> TransferAsync(string? to, CancellationToken cancellationToken = default)
        => Text(await SendAsync(HttpMethod.Post, "/v1/cluster/transfer", [("to", to)], cancellationToken), "leader");

    private static string Forced(bool force) => force ? "?force=true" : "";

    private static string Target(string member) => $"{MembersTarget}/{Uri.EscapeDataString(member)}";

    private async Task<string> ChangeAsync(HttpMethod method, string target, CancellationToken cancellationToken, params (string Name, object? Value)[] body)
        => Text(await SendAsync(method, target, body, cancellationToken), "id");

    private async Task<Answer> SendAsync(HttpMethod method, string target, (string Name, object? Value)[] body, CancellationToken cancellationToken)
    {
        bool hasBody = method != HttpMethod.Delete && !target.EndsWith("/promote", StringComparison.Ordinal);
        Answer answer = await _runner.RunAsync(
            new Call { Method = method, Target = target, IsWrite = true, PrefersLeader = true, Body = hasBody ? Write(body) : default, ContentType = hasBody ? "application/json" : null },
            cancellationToken);
        return answer.Status == 200 ? answer : throw answer.ToException();
    }

    private static byte[] Write((string Name, object? Value)[] members)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach ((string name, object? value) in members)
            {
                switch (value)
                {
                    case string text:
                        json.WriteString(name, text);
                        break;
                    case bool flag:
                        json.WriteBoolean(name, flag);
                        break;
                }
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string Text(Answer answer, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            return document.RootElement.GetProperty(name).GetString() ?? "";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw answer.Malformed("its body cannot be read: " + e.Message, e);
        }
    }
}
