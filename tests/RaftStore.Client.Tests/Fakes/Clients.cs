namespace RaftStore.Client.Tests.Fakes;

internal static class Clients
{
    /// <summary>A client with patient limits, so that no test depends on time being quick.</summary>
    public static RaftStoreClient Patient(params Uri[] endpoints) => new(new RaftStoreClientOptions
    {
        Endpoints = endpoints,
        Timeout = TimeSpan.FromSeconds(30),
        ReadPatience = TimeSpan.FromSeconds(30),
        ConnectTimeout = TimeSpan.FromSeconds(30),
        RetryDelay = TimeSpan.FromMilliseconds(1),
    });

    /// <summary>A client that soon gives up, for what must end by time.</summary>
    public static RaftStoreClient Hasty(params Uri[] endpoints) => new(new RaftStoreClientOptions
    {
        Endpoints = endpoints,
        Timeout = TimeSpan.FromMilliseconds(500),
        ReadPatience = TimeSpan.FromMilliseconds(200),
        ConnectTimeout = TimeSpan.FromMilliseconds(200),
        RetryDelay = TimeSpan.FromMilliseconds(1),
    });

    public static async Task<RaftStoreException> FailsAsync(Func<Task> call) => await Assert.ThrowsAsync<RaftStoreException>(call);
}
