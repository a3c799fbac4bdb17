using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.CommandLine;

/// <summary>What is not a valid command line ends with 2, one clear line, and no request.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("get")]
    [InlineData("get a b")]
    [InlineData("get --meat k", "--meat")]
    [InlineData("put k v --prve", "--prve")]
    [InlineData("put k")]
    [InlineData("put k v --if-absent --if-revision 3", "exclude each other")]
    [InlineData("put k v --if-revision=-3", "negative")]
    [InlineData("put k v --if-revision three")]
    [InlineData("put k v --ttl 30s", "--ttl")]
    [InlineData("get k --revision=-1", "--revision")]
    [InlineData("list --revision=-1", "--revision")]
    [InlineData("history")]
    [InlineData("history k --limit 0", "--limit")]
    [InlineData("compact")]
    [InlineData("compact --", "kvctl")]
    [InlineData("compact five")]
    [InlineData("compact -5")]
    [InlineData("get k --min-revision=-1", "--min-revision")]
    [InlineData("get k --max-staleness 2s", "--consistency stale")]
    [InlineData("get k --max-staleness 2 --consistency stale", "--max-staleness '2'")]
    [InlineData("del", "either a KEY or --prefix")]
    [InlineData("del k --prefix p", "either a KEY or --prefix")]
    [InlineData("list --limit 0", "--limit")]
    [InlineData("sim", "--seed or --seeds")]
    [InlineData("sim --seed 1 --seeds 2", "--seed or --seeds")]
    [InlineData("sim --seed one", "--seed 'one'")]
    [InlineData("sim --seed=-1", "--seed '-1'")]
    [InlineData("sim --seed 18446744073709551615", "--seed '18446744073709551615'")]
    [InlineData("sim --seeds 0", "--seeds '0'")]
    [InlineData("sim --seed 1 --first 2", "--first goes with --seeds")]
    [InlineData("sim --seed 1 -o json", "no JSON")]
    [InlineData("sim 7", "7")]
    [InlineData("nonsense", "nonsense")]
    [InlineData("get k -o xml", "--output 'xml'")]
    [InlineData("get k --consistency eventual", "--consistency 'eventual'")]
    [InlineData("get k --timeout 10", "--timeout '10'")]
    [InlineData("get k --timeout 0s", "--timeout '0s'")]
    [InlineData("get k --timeout 25h", "--timeout '25h'")]
    [InlineData("get k --endpoints http://h:1/path", "http://h:1/path")]
    [InlineData("get k --endpoints ,", "--endpoints")]
    public async Task CommandLine_Invalid_ExitsWith2AndSaysWhy(string line, string? named = null)
    {
        Shell.Ran ran = await Shell.RunAsync(line.Split(' '), [], isTerminal: false, _ => "http://127.0.0.1:1");

        Assert.Equal((2, ""), (ran.Code, ran.Text));
        Assert.StartsWith("kvctl: ", ran.Error, StringComparison.Ordinal);
        Assert.Contains(named ?? "kvctl", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommandLine_EmptyPrefix_DoesNotDeleteEverything()
    {
        Shell.Ran ran = await Shell.RunAsync(["del", "--prefix", ""], [], isTerminal: false, _ => "http://127.0.0.1:1");

        Assert.Equal(2, ran.Code);
        Assert.Contains("would delete everything", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("put")]
    [InlineData("del")]
    public async Task CommandLine_EmptyKey_ExitsWith2(string verb)
    {
        string[] args = verb == "put" ? ["put", "", "v"] : [verb, ""];

        Shell.Ran ran = await Shell.RunAsync(args, [], isTerminal: false, _ => "http://127.0.0.1:1");

        Assert.Equal((2, "kvctl: the key is empty; a key has at least one byte"), (ran.Code, ran.Error.TrimEnd()));
    }

    [Fact]
    public async Task CommandLine_Empty_ExitsWith2()
    {
        Shell.Ran ran = await Shell.RunAsync([], [], isTerminal: false, _ => null);

        Assert.Equal(2, ran.Code);
        Assert.Contains("kvctl --help", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("put --help")]
    [InlineData("bench --help")]
    public async Task CommandLine_Help_ExitsWith0(string line)
    {
        Shell.Ran ran = await Shell.RunAsync(line.Split(' '), [], isTerminal: false, _ => null);

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Contains("--endpoints", ran.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoints_FromTheEnvironment_NeedNoScheme()
    {
        using var server = new ScriptedServer(_ => Reply.Value("v", 5));

        Shell.Ran ran = await Shell.RunAsync(["get", "k"], [], isTerminal: false, name => name == "KVCTL_ENDPOINTS" ? $" {server.Endpoint.Authority} , " : null);

        Assert.Equal((0, "v"), (ran.Code, ran.Text));
    }

    [Fact]
    public async Task Endpoints_OptionAndEnvironment_TheOptionWins()
    {
        using var server = new ScriptedServer(_ => Reply.Value("v", 5));

        Shell.Ran ran = await Shell.RunAsync(["--endpoints", server.Endpoint.ToString(), "get", "k"], [], isTerminal: false, _ => "http://127.0.0.1:1");

        Assert.Equal(0, ran.Code);
    }
}
