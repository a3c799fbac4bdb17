using System.Net;
using System.Threading.RateLimiting;

namespace RaftStore.Server.Http;

/// <summary>Bounds the requests a second of each client address (<c>--rate-limit</c>). Any thread.</summary>
/// <remarks>The address is that of the connection: headers such as <c>X-Forwarded-For</c> are what a client says and are not looked at.
/// Addresses that have been quiet for a while are forgotten by the limiter itself.</remarks>
internal sealed class ClientRateLimit : IDisposable
{
    /// <summary>Tokens are given out this often, so that a client is not stopped for a whole second.</summary>
    private const int PeriodMs = 100;

    private readonly PartitionedRateLimiter<IPAddress> _limiter;

    /// <summary>Allows so many requests a second, and as many at once.</summary>
    public ClientRateLimit(int requestsPerSecond)
    {
        int periodMs = Math.Max(PeriodMs, (1000 + requestsPerSecond - 1) / requestsPerSecond);
        TokenBucketRateLimiterOptions options = new()
        {
            TokenLimit = requestsPerSecond,
            TokensPerPeriod = Math.Max(1, (int)((long)requestsPerSecond * periodMs / 1000)),
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(periodMs),
            QueueLimit = 0,
            AutoReplenishment = true,
        };
        _limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address => RateLimitPartition.GetTokenBucketLimiter(address, _ => options));
    }

    /// <summary>True where one more request of that address is within its rate.</summary>
    public bool TryAcquire(IPAddress? address)
    {
        using RateLimitLease lease = _limiter.AttemptAcquire(address ?? IPAddress.None);
        return lease.IsAcquired;
    }

    /// <inheritdoc/>
    public void Dispose() => _limiter.Dispose();
}
