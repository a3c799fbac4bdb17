namespace RaftStore.Client;

/// <summary>What a failed request did to the store.</summary>
public enum Outcome
{
    /// <summary>It is certain that nothing was changed; sending the request again is safe. Every failed read ends so.</summary>
    NotApplied,

    /// <summary>The write may have been applied, or may yet be: read the key before deciding to write again.</summary>
    Unknown,
}
