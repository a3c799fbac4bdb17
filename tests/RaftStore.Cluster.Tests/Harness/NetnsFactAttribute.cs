using System.Diagnostics;

namespace RaftStore.Cluster.Tests.Harness;

/// <summary>A test that makes network namespaces and packet filters, and is skipped where that cannot be done.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NetnsFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> Obstacle = new(FindObstacle);

    public NetnsFactAttribute()
    {
        if (Obstacle.Value is { } obstacle)
        {
            Skip = obstacle;
        }
    }

    private static string? FindObstacle()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return "network namespaces need root.";
        }

        string[] directories = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator);
        foreach (string tool in new[] { "ip", "nft", "unshare" })
        {
            if (!directories.Any(directory => File.Exists(Path.Combine(directory, tool))))
            {
                return $"{tool} is not installed; this test makes networks with it.";
            }
        }

        // A namespace and a packet filter within, both gone with the process.
        using Process probe = Process.Start(new ProcessStartInfo("unshare", ["--net", "nft", "add", "table", "inet", "probe"]) { RedirectStandardError = true })!;
        probe.StandardError.ReadToEnd();
        probe.WaitForExit();
        return probe.ExitCode == 0 ? null : "this machine lets nobody make network namespaces with packet filters, not even root.";
    }
}
