using System.Collections;
using RaftStore.Server.Settings;

namespace RaftStore.Server.Tests.Settings;

public sealed class SettingsLoaderTests : IDisposable
{
    private const string Three = "n1=127.0.0.1:7501,n2=127.0.0.1:7502,n3=127.0.0.1:7503";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("raftstore-settings-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Load_Nothing_IsAClusterOfOne()
    {
        ServerSettings settings = Load();

        Assert.Equal("n1", settings.Name);
        Assert.Equal(Path.GetFullPath("data/n1"), settings.DataPath);
        Assert.Equal(["http://127.0.0.1:7400"], settings.Listen.AsEnumerable());
        Assert.Equal("127.0.0.1:7500", settings.PeerListen);
        Assert.Equal([new Founder("n1", "127.0.0.1:7500")], settings.Founders.AsEnumerable());
        Assert.Equal("http://127.0.0.1:7400", settings.Advertise);
        Assert.Equal("127.0.0.1:7500", settings.PeerAdvertise);
        Assert.Equal((100, 1000, 2000, 5000), (settings.HeartbeatMs, settings.LowerElectionTimeoutMs, settings.UpperElectionTimeoutMs, settings.RequestTimeoutMs));
        Assert.Equal((16 << 20, 256L << 20), (settings.ValueBytesMax, settings.SnapshotLogBytes));
        Assert.Equal((0, 16_384), (settings.RequestsPerSecond, settings.ConnectionsMax));
        Assert.Empty(settings.AllowedHosts);
        Assert.False(settings.IsInsecure);
    }

    [Fact]
    public void Load_TheContractsExample_IsAsItSays()
    {
        ServerSettings settings = Load("--name", "n2", "--data", "/tmp/x/n2", "--listen", "http://127.0.0.1:7402", "--peer-listen", "127.0.0.1:7502", "--cluster", Three);

        Assert.Equal(("n2", "/tmp/x/n2", "127.0.0.1:7502", "http://127.0.0.1:7402"), (settings.Name, settings.DataPath, settings.PeerAdvertise, settings.Advertise));
        Assert.Equal(["n1", "n2", "n3"], settings.Founders.Select(founder => founder.Name));
    }

    [Fact]
    public void Load_Discovery_IsTaken()
    {
        ServerSettings settings = Load("--name", "a", "--discover", "dns://Raft.example:7500?server=127.0.0.1:8600", "--bootstrap-expect", "5");

        Assert.Equal("dns://raft.example:7500?server=127.0.0.1:8600", settings.Discover!.ToString());
        Assert.Equal(("raft.example", 7500, 5), (settings.Discover.Name, settings.Discover.Port, settings.BootstrapExpect));
        Assert.Null(Load("--name", "a", "--discover", "dns://raft.example:7500").Discover!.Server);
        Assert.Equal(0, Load("--name", "a", "--discover", "dns://raft.example:7500").BootstrapExpect);
    }

    [Fact]
    public void Load_EverySetting_IsTaken()
    {
        ServerSettings settings = Load(
            "--name", "b", "--data", "/tmp/b", "--listen", "http://0.0.0.0:80,http://[::1]:81", "--peer-listen", "0.0.0.0:90", "--cluster", "b=b.example:90,a=a.example:90",
            "--advertise", "http://B.example:80/", "--peer-advertise", "b.example:90", "--allowed-hosts", "x.example,*", "--insecure", "--heartbeat", "1s",
            "--election-timeout-lower", "1m", "--election-timeout-upper", "2m", "--request-timeout", "250ms", "--value-limit", "2MiB", "--snapshot-log-size", "1GiB",
            "--rate-limit", "7", "--connection-limit", "9");

        Assert.Equal(["http://0.0.0.0:80", "http://[::1]:81"], settings.Listen.AsEnumerable());
        Assert.Equal([new Founder("a", "a.example:90"), new Founder("b", "b.example:90")], settings.Founders.AsEnumerable());
        Assert.Equal(("http://b.example:80", "b.example:90", "0.0.0.0:90"), (settings.Advertise, settings.PeerAdvertise, settings.PeerListen));
        Assert.Equal(["x.example", "*"], settings.AllowedHosts.AsEnumerable());
        Assert.Equal((1000, 60_000, 120_000, 250), (settings.HeartbeatMs, settings.LowerElectionTimeoutMs, settings.UpperElectionTimeoutMs, settings.RequestTimeoutMs));
        Assert.Equal((2 << 20, 1L << 30, 7, 9), (settings.ValueBytesMax, settings.SnapshotLogBytes, settings.RequestsPerSecond, settings.ConnectionsMax));
        Assert.True(settings.IsInsecure);
    }

    [Fact]
    public void Load_WithoutPeerListen_TakesTheOwnEntryOfTheCluster()
    {
        Assert.Equal("127.0.0.1:7503", Load("--name", "n3", "--cluster", Three).PeerListen);
        Assert.Equal("n3.example:1", Load("--name", "n3", "--insecure", "--peer-listen", "0.0.0.0:1", "--cluster", "n3=n3.example:1").PeerAdvertise);
    }

    [Fact]
    public void Load_ShorterElectionTimeout_BringsItsCompanionsAlong()
    {
        ServerSettings settings = Load("--election-timeout-lower", "150ms");

        Assert.Equal((50, 150, 300), (settings.HeartbeatMs, settings.LowerElectionTimeoutMs, settings.UpperElectionTimeoutMs));
    }

    [Fact]
    public void Load_FlagOverEnvironmentOverFile_InThatOrder()
    {
        string file = Write("""{"name": "file", "heartbeat": "11ms", "rate-limit": 5, "insecure": true, "listen": ["http://127.0.0.1:1", "http://127.0.0.1:2"], "Logging": {"LogLevel": {"Default": "Warning"}}}""");
        Dictionary<string, string> environment = new() { ["RAFTSTORE_NAME"] = "environment", ["RAFTSTORE_HEARTBEAT"] = "12ms", ["HOME"] = "/root" };

        ServerSettings settings = Load(["--name", "flag"], environment, file);

        Assert.Equal(("flag", 12, 5), (settings.Name, settings.HeartbeatMs, settings.RequestsPerSecond));
        Assert.Equal(["http://127.0.0.1:1", "http://127.0.0.1:2"], settings.Listen.AsEnumerable());
    }

    [Fact]
    public void Load_KubernetesServiceLinks_AreNoSettings()
    {
        Dictionary<string, string> environment = new()
        {
            ["RAFTSTORE_SERVICE_HOST"] = "10.0.0.1",
            ["RAFTSTORE_SERVICE_PORT"] = "7400",
            ["RAFTSTORE_SERVICE_PORT_HTTP"] = "7400",
            ["RAFTSTORE_PORT"] = "tcp://10.0.0.1:7400",
            ["RAFTSTORE_PORT_7400_TCP_ADDR"] = "10.0.0.1",
        };

        Assert.Equal("n1", Load([], environment, Missing).Name);
    }

    [Theory]
    [InlineData("--nme x", "'--nme'")]
    [InlineData("stray", "'stray'")]
    [InlineData("--name", "--name")]
    [InlineData("--name a --name b", "--name")]
    [InlineData("--name --insecure", "--name")]
    [InlineData("--insecure maybe", "'maybe'")]
    [InlineData("--name=", "--name")]
    [InlineData("--name ä", "--name 'ä'")]
    [InlineData("--name -n", "--name '-n'")]
    [InlineData("--name a=b", "--name 'a=b'")]
    [InlineData("--heartbeat 100", "--heartbeat '100'")]
    [InlineData("--heartbeat 1.5s", "--heartbeat '1.5s'")]
    [InlineData("--heartbeat -1s", "--heartbeat '-1s'")]
    [InlineData("--heartbeat 9ms", "10ms to 60000ms")]
    [InlineData("--heartbeat 400ms", "--election-timeout-lower (1000ms)")]
    [InlineData("--election-timeout-lower 3s --election-timeout-upper 2s", "--election-timeout-lower (3000ms) is above")]
    [InlineData("--election-timeout-lower 1d", "--election-timeout-lower '1d'")]
    [InlineData("--election-timeout-upper 11m", "--election-timeout-upper '11m'")]
    [InlineData("--request-timeout 0s", "--request-timeout '0s'")]
    [InlineData("--request-timeout 99999999999999999999s", "--request-timeout")]
    [InlineData("--value-limit 17MiB", "--value-limit '17MiB'")]
    [InlineData("--value-limit 1MB", "--value-limit '1MB'")]
    [InlineData("--value-limit 0", "--value-limit '0'")]
    [InlineData("--snapshot-log-size 1KiB", "--snapshot-log-size '1KiB'")]
    [InlineData("--rate-limit many", "--rate-limit 'many'")]
    [InlineData("--connection-limit 0", "--connection-limit '0'")]
    [InlineData("--listen 127.0.0.1:7400", "--listen '127.0.0.1:7400'")]
    [InlineData("--listen http://127.0.0.1", "--listen 'http://127.0.0.1'")]
    [InlineData("--listen http://127.0.0.1:7400/base", "nothing behind it")]
    [InlineData("--listen http://127.0.0.1:99999", "--listen")]
    [InlineData("--listen https://127.0.0.1:7400", "TLS")]
    [InlineData("--listen http://localhost:0", "two addresses")]
    [InlineData("--listen http://0.0.0.0:7400", "--insecure")]
    [InlineData("--listen http://10.1.2.3:7400", "--insecure")]
    [InlineData("--listen http://node.example:7400 --insecure", "--advertise")]
    [InlineData("--listen http://127.0.0.1:1,http://127.0.0.1:1", "twice")]
    [InlineData("--listen http://127.0.0.1:1,,http://127.0.0.1:2", "empty place")]
    [InlineData("--listen http://0.0.0.0:7400 --insecure", "--advertise is missing")]
    [InlineData("--listen http://127.0.0.1:7500", "--peer-listen")]
    [InlineData("--peer-listen 127.0.0.1", "--peer-listen '127.0.0.1'")]
    [InlineData("--peer-listen 10.0.0.1:7500", "--insecure")]
    [InlineData("--peer-listen node.example:7500 --insecure", "--peer-advertise")]
    [InlineData("--advertise https://x:1", "TLS")]
    [InlineData("--advertise http://0.0.0.0:1", "--advertise")]
    [InlineData("--advertise x:1", "--advertise 'x:1'")]
    [InlineData("--peer-advertise 0.0.0.0:1", "--peer-advertise")]
    [InlineData("--peer-advertise x", "--peer-advertise 'x'")]
    [InlineData("--allowed-hosts http://x", "'http://x'")]
    [InlineData("--cluster " + Three, "--name is missing")]
    [InlineData("--name n4 --cluster " + Three, "--name 'n4' is not in --cluster")]
    [InlineData("--name n1 --peer-listen 127.0.0.1:9 --cluster " + Three, "n1 is at 127.0.0.1:7501")]
    [InlineData("--name n1 --cluster n1", "'n1', which is not NAME=HOST:PORT")]
    [InlineData("--name n1 --cluster n1=127.0.0.1", "NAME=HOST:PORT")]
    [InlineData("--name n1 --cluster n1=127.0.0.1:0", "NAME=HOST:PORT")]
    [InlineData("--name n1 --cluster =127.0.0.1:1", "NAME=HOST:PORT")]
    [InlineData("--name n1 --cluster n1=a:1,n1=b:1", "n1 twice")]
    [InlineData("--name n1 --cluster n1=A:1,n2=a:1", "same address")]
    [InlineData("--name n1 --cluster n1=a.example:1", "--peer-listen is missing")]
    [InlineData("--name n1 --cluster n1=127.0.0.1:7501,n2=127.0.0.1:7502 --listen http://127.0.0.1:0", "--advertise is missing")]
    [InlineData("--join http://x:1", "--name is missing")]
    [InlineData("--name n4 --join x:1", "which is not http://HOST:PORT")]
    [InlineData("--name n1 --join http://x:1 --cluster n1=127.0.0.1:7501", "contradict each other")]
    [InlineData("--discover dns://x:1", "--name is missing")]
    [InlineData("--bootstrap-expect 3", "--bootstrap-expect is without --discover")]
    [InlineData("--name a --discover dns://x:1 --bootstrap-expect 0", "--bootstrap-expect '0' must be a whole number from 1 to 15")]
    [InlineData("--name a --discover dns://x:1 --bootstrap-expect 16", "from 1 to 15")]
    [InlineData("--name a --discover dns://x:1 --join http://x:1", "--discover and --join contradict each other")]
    [InlineData("--name n1 --discover dns://x:1 --cluster n1=127.0.0.1:7501", "--discover and --cluster contradict each other")]
    [InlineData("--name a --discover x:1", "is not dns://NAME:PORT")]
    [InlineData("--name a --discover dns://x", "is not dns://NAME:PORT")]
    [InlineData("--name a --discover dns://x:0", "is not dns://NAME:PORT")]
    [InlineData("--name a --discover dns://127.0.0.1:1", "is not dns://NAME:PORT")]
    [InlineData("--name a --discover dns://x:1?server=y:1", "is not dns://NAME:PORT")]
    [InlineData("--name a --discover dns://x:1?port=1", "is not dns://NAME:PORT")]
    [InlineData("--name a --insecure --discover dns://x:1 --peer-listen 0.0.0.0:1", "--peer-advertise is missing")]
    public void Load_BadFlags_AreNamedInOneLine(string arguments, string named)
    {
        SettingsException refusal = Assert.Throws<SettingsException>(() => Load(arguments.Split(' ')));

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void Load_TooManyFounders_IsRefused()
    {
        string cluster = string.Join(',', Enumerable.Range(1, 16).Select(number => $"n{number}=127.0.0.1:{number}"));

        Assert.Contains("16 founders", Assert.Throws<SettingsException>(() => Load("--name", "n1", "--cluster", cluster)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RAFTSTORE_HARTBEAT", "1s", "RAFTSTORE_HARTBEAT")]
    [InlineData("RAFTSTORE_HEARTBEAT", "fast", "RAFTSTORE_HEARTBEAT 'fast'")]
    [InlineData("RAFTSTORE_HEARTBEAT", "", "RAFTSTORE_HEARTBEAT is empty")]
    [InlineData("RAFTSTORE_INSECURE", "yes", "RAFTSTORE_INSECURE 'yes'")]
    [InlineData("RAFTSTORE_JOIN", "http://x", "RAFTSTORE_JOIN")]
    public void Load_BadEnvironment_IsNamed(string name, string value, string named) =>
        Assert.Contains(named, Assert.Throws<SettingsException>(() => Load([], new() { [name] = value }, Missing)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"hartbeat": "1s"}""", "'hartbeat' in appsettings.json")]
    [InlineData("""{"heartbeat": "fast"}""", "heartbeat in appsettings.json 'fast'")]
    [InlineData("""{"heartbeat": {"value": 1}}""", "heartbeat in appsettings.json '1' is not a duration")]
    [InlineData("""{"name": {"deep": {"er": 1}}}""", "'name' in appsettings.json")]
    [InlineData("""{"name": """, "cannot be read")]
    [InlineData("[]", "cannot be read")]
    public void Load_BadFile_IsNamed(string content, string named)
    {
        string message = Assert.Throws<SettingsException>(() => Load([], [], Write(content))).Message;

        Assert.Contains(named, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Help_ListsEverySettingWithItsMeaning()
    {
        StringWriter output = new();

        Assert.Null(SettingsLoader.Load(["--help"], new Hashtable(), Missing, output));

        string help = output.ToString();
        foreach (SettingDefinition definition in SettingDefinitions.All)
        {
            Assert.Contains("--" + definition.Name + (definition.IsSwitch ? "" : $" <{definition.Value}>"), help, StringComparison.Ordinal);
            Assert.Contains(definition.Meaning, help, StringComparison.Ordinal);
            Assert.True(definition.Meaning.Contains("Default: ", StringComparison.Ordinal), definition.Name);
        }
    }

    [Fact]
    public void Version_IsWritten()
    {
        StringWriter output = new();

        Assert.Null(SettingsLoader.Load(["--version"], new Hashtable(), Missing, output));

        Assert.Matches(@"^\d+\.\d+\.\d+", output.ToString());
    }

    private string Missing => Path.Combine(_directory.FullName, "none.json");

    private string Write(string content)
    {
        string path = Path.Combine(_directory.FullName, "appsettings.json");
        File.WriteAllText(path, content);
        return path;
    }

    private ServerSettings Load(params string[] arguments) => Load(arguments, [], Missing);

    private static ServerSettings Load(string[] arguments, Dictionary<string, string> environment, string file) =>
        SettingsLoader.Load(arguments, environment, file, TextWriter.Null) ?? throw new InvalidOperationException("No settings.");
}
