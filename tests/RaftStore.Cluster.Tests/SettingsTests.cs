using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>Settings that stop the start (exit code 2) before anything is written.</summary>
public sealed class SettingsTests
{
    [Theory]
    [InlineData("--no-such-flag", "1", "--no-such-flag")]
    [InlineData("--listen", "http://127.0.0.1:99999", "--listen")]
    [InlineData("--listen", "not a url", "--listen")]
    [InlineData("--listen", "http://0.0.0.0:7400", "--insecure")]
    [InlineData("--peer-listen", "127.0.0.1", "--peer-listen")]
    [InlineData("--cluster", "n1=127.0.0.1:7501,n1=127.0.0.1:7502", "--cluster")]
    [InlineData("--cluster", "n2=127.0.0.1:7502,n3=127.0.0.1:7503", "--cluster")]
    [InlineData("--heartbeat", "0", "--heartbeat")]
    [InlineData("--heartbeat", "soon", "--heartbeat")]
    [InlineData("--name", "", "--name")]
    [InlineData("--value-limit", "1073741824", "--value-limit")]
    public async Task ABadSetting_AtTheStart_IsNamedAndNothingIsWritten(string flag, string value, string named)
    {
        string data = Path.Combine(Path.GetTempPath(), $"raftstore-settings-{Guid.NewGuid():n}");

        using var server = ServerProcess.Start(["--data", data, .. flag == "--name" ? Array.Empty<string>() : ["--name", "n1"], flag, value]);

        Assert.Equal(2, await server.ExitCodeAsync());
        Assert.Contains(named, server.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data), "the data directory was made before the settings were checked");
    }

    [Fact]
    public async Task Help_Asked_ListsEveryFlagAndEndsWithZero()
    {
        using var server = ServerProcess.Start(["--help"]);

        Assert.Equal(0, await server.ExitCodeAsync());
        Assert.All(
            ["--name", "--data", "--listen", "--peer-listen", "--cluster", "--advertise", "--peer-advertise", "--allowed-hosts", "--insecure", "--heartbeat", "--request-timeout", "--value-limit"],
            flag => Assert.Contains(flag, server.Output, StringComparison.Ordinal));
    }
}
