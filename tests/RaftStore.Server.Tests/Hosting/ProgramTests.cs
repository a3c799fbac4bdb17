using System.Net;
using System.Net.Sockets;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Hosting;

public sealed class ProgramTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("raftstore-program-");
    private readonly int _port = RaftStoreProcess.FreePort();

    private string Data => Path.Combine(_directory.FullName, "data");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Start_BadSetting_Exits2WithOneLineAndWritesNothing()
    {
        (int exitCode, string errors) = await RaftStoreProcess.RunAsync("--data", Data, "--heartbeat", "soon");

        Assert.Equal(2, exitCode);
        Assert.Equal("raftstore: --heartbeat 'soon' is not a duration: write a whole number with ms, s, m or h, such as 100ms.", errors.TrimEnd());
        Assert.False(Directory.Exists(Data));
    }

    [Theory]
    [InlineData("--environment")]
    [InlineData("--contentRoot")]
    [InlineData("--urls")]
    public async Task Start_SettingOfTheFramework_Exits2NamingIt(string flag)
    {
        (int exitCode, string errors) = await RaftStoreProcess.RunAsync("--data", Data, flag, "x");

        Assert.Equal((2, $"raftstore: '{flag}' is not a setting: raftstore --help lists those there are."), (exitCode, errors.TrimEnd()));
    }

    [Fact]
    public async Task Start_ClientPortInUse_Exits2AndLeavesNoData()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;

        (int exitCode, string errors) = await RaftStoreProcess.RunAsync("--data", Data, "--listen", $"http://127.0.0.1:{port}", "--peer-listen", "127.0.0.1:0");

        Assert.Equal(2, exitCode);
        Assert.Contains($"127.0.0.1:{port}", Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task Start_AddressOfAnotherMachine_Exits2AndLeavesNoData()
    {
        (int exitCode, string errors) = await RaftStoreProcess.RunAsync("--data", Data, "--listen", "http://192.0.2.1:7400", "--insecure", "--peer-listen", "127.0.0.1:0");

        Assert.Equal(2, exitCode);
        Assert.Contains("--listen http://192.0.2.1:7400", Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task Start_PeerPortInUse_Exits2()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;

        (int exitCode, string errors) = await RaftStoreProcess.RunAsync("--data", Data, "--listen", "http://127.0.0.1:0", "--peer-listen", $"127.0.0.1:{port}");

        Assert.Equal(2, exitCode);
        Assert.Contains($"127.0.0.1:{port}", Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ForeignDirectory_Exits3NamingIt()
    {
        Directory.CreateDirectory(Data);
        await File.WriteAllTextAsync(Path.Combine(Data, "holiday.jpg"), "not ours");

        (int exitCode, string errors) = await RaftStoreProcess.RunAsync("--data", Data, "--listen", "http://127.0.0.1:0", "--peer-listen", "127.0.0.1:0");

        Assert.Equal(3, exitCode);
        Assert.Contains(Data, Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Equal(["holiday.jpg"], Directory.GetFileSystemEntries(Data).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Start_DirectoryInUse_Exits3AndTheOtherLivesOn()
    {
        using RaftStoreProcess first = await StartReadyAsync();

        (int exitCode, string errors) = await RaftStoreProcess.RunAsync("--data", Data, "--listen", "http://127.0.0.1:0", "--peer-listen", "127.0.0.1:0");

        Assert.Equal(3, exitCode);
        Assert.Single(errors.TrimEnd().Split('\n'));
        first.Terminate();
        Assert.Equal(0, await first.ExitAsync());
    }

    [Fact]
    public async Task Terminate_WithAWriteInFlight_FinishesItAndExits0()
    {
        using RaftStoreProcess process = await StartReadyAsync();
        using TcpClient client = await BeginWriteAsync(process);

        process.Terminate();
        await process.PrintsAsync("Stopping");
        await client.GetStream().WriteAsync("lf"u8.ToArray());
        MemoryStream received = new();
        await client.GetStream().CopyToAsync(received);

        Assert.Equal(200, RawHttp.Parse(received.ToArray()).Status);
        Assert.Equal(0, await process.ExitAsync());
        using RaftStoreProcess again = await StartReadyAsync();
        using HttpClient reader = new();
        Assert.Equal("half", await reader.GetStringAsync($"http://127.0.0.1:{_port}/v1/kv/inflight"));
        again.Terminate();
        Assert.Equal(0, await again.ExitAsync());
    }

    [Fact]
    public async Task Terminate_Twice_ExitsAtOnce()
    {
        using RaftStoreProcess process = await StartReadyAsync();
        using TcpClient client = await BeginWriteAsync(process);

        process.Terminate();
        await process.PrintsAsync("Stopping");
        process.Terminate();

        Assert.Equal(143, await process.ExitAsync());
    }

    /// <summary>Sends a write but for the end of its body.</summary>
    private async Task<TcpClient> BeginWriteAsync(RaftStoreProcess process)
    {
        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, _port);
        await client.GetStream().WriteAsync("PUT /v1/kv/inflight HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"u8.ToArray());

        // The interim answer proves that the request was admitted and its body is being read.
        byte[] interim = new byte[25];
        await client.GetStream().ReadExactlyAsync(interim);
        Assert.StartsWith("HTTP/1.1 100", System.Text.Encoding.ASCII.GetString(interim), StringComparison.Ordinal);
        await client.GetStream().WriteAsync("ha"u8.ToArray());
        Assert.DoesNotContain("Stopping", process.Output, StringComparison.Ordinal);
        return client;
    }

    private async Task<RaftStoreProcess> StartReadyAsync()
    {
        RaftStoreProcess process = RaftStoreProcess.Start(
            "--data", Data, "--listen", $"http://127.0.0.1:{_port}", "--peer-listen", "127.0.0.1:0", "--heartbeat", "15ms", "--election-timeout-lower", "150ms");
        using HttpClient client = new();
        await TestServer.UntilAsync(
            async () =>
            {
                try
                {
                    return (await client.GetAsync($"http://127.0.0.1:{_port}/readyz")).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            $"the process is ready; it printed {process.Output}{process.Errors}");
        return process;
    }
}
