using RaftStore.Server.Discovery;

namespace RaftStore.Server.Settings;

/// <summary>Reads <c>--discover</c> and <c>--bootstrap-expect</c>.</summary>
internal static class DiscoverySettings
{
    /// <summary>Where to look; null where it was not given.</summary>
    /// <exception cref="SettingsException">It is none, or contradicts another setting.</exception>
    public static DiscoverTarget? Target(SettingsReader reader)
    {
        if (reader.Text("discover") is not { } text)
        {
            return reader.Has("bootstrap-expect")
                ? throw new SettingsException("--bootstrap-expect is without --discover: it says how many founders that is to find. Give both, or name the founders by --cluster.")
                : null;
        }

        foreach (string other in (string[])["cluster", "join"])
        {
            if (reader.Has(other))
            {
                throw new SettingsException($"--discover and --{other} contradict each other: both say where the cluster is; leave one out.");
            }
        }

        if (!reader.Has("name"))
        {
            throw new SettingsException("--name is missing: with --discover it is how the others tell this node from themselves.");
        }

        return DiscoverTarget.TryParse(text) is { } target && DnsMessage.IsName(target.Name)
            ? target
            : throw reader.Refuse("discover", "is not dns://NAME:PORT, such as dns://raftstore.example:7500, with at most ?server=ADDRESS:PORT behind it.");
    }

    /// <summary>How many founders to find; 0 where it was not given.</summary>
    /// <param name="reader">The settings.</param>
    /// <param name="most">The most founders of a cluster.</param>
    /// <exception cref="SettingsException">It is out of its range.</exception>
    public static int Expect(SettingsReader reader, int most) => reader.Number("bootstrap-expect", 0, 1, most);
}
