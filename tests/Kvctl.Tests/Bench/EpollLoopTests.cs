using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using RaftStore.Kvctl.Bench;

namespace RaftStore.Kvctl.Tests.Bench;

public sealed partial class EpollLoopTests
{
    private const int Requests = 3;

    [Fact]
    public async Task Connection_ClosedWhileAnotherProcessHasItToo_IsReplacedAndHeardNoMore()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task serving = ServeAsync(listener);
        var endpoint = new Uri($"http://{listener.LocalEndpoint}");
        var options = new BenchOptions
        {
            Workload = BenchWorkload.Put, Target = BenchTarget.RaftStore, Endpoints = [endpoint], Clients = [1], Duration = TimeSpan.Zero, Warmup = TimeSpan.Zero,
            ValueBytes = 8, Keys = 0, ReadPercent = 0, SkipsPreload = true, Seed = 1, Threads = 1, Pids = [],
        };
        var dialer = new Dialer([endpoint]);
        var window = BenchWindow.Unbounded();
        var stats = new BenchStats();
        var source = new RequestSource(options, endpoint.Authority, 0, new SharedCounter(0, Requests));
        using var client = new BenchClient(source, new ResponseParser(false), window, stats, expectsItems: false) { Socket = dialer.Dial(0) };
        int other = Duplicate((int)client.Socket!.SafeHandle.DangerousGetHandle());
        Assert.True(other >= 0);

        try
        {
            await Task.Run(new EpollLoop([(0, client)], dialer, window).Run);
        }
        finally
        {
            _ = Close(other);
        }

        Assert.Equal((Requests, 1L), ((int)stats.Finished, stats.Failed));
        client.Dispose();
        await serving;
    }

    /// <summary>Closes the first connection instead of answering, and answers every request of the second.</summary>
    private static async Task ServeAsync(TcpListener listener)
    {
        byte[] buffer = new byte[64 << 10];
        using (Socket first = await listener.AcceptSocketAsync())
        {
            await first.ReceiveAsync(buffer);
        }

        using Socket second = await listener.AcceptSocketAsync();
        while (await second.ReceiveAsync(buffer) > 0)
        {
            await second.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray());
        }
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
