using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using RaftStore.Server.Hosting;
using RaftStore.Server.Recovery;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;

namespace RaftStore.Server;

/// <summary>The executable <c>raftstore</c>.</summary>
public sealed partial class Program
{
    private Program()
    {
    }

    /// <summary>Runs one node until it is told to stop.</summary>
    /// <returns>The contract's exit code.</returns>
    public static async Task<int> Main(string[] args)
    {
        string configurationFile = Path.Combine(AppContext.BaseDirectory, "appsettings.json");
        try
        {
            if (args is [RecoverCommand.Name, .. string[] rest])
            {
                RecoverCommand.Run(rest, Console.Out);
                return 0;
            }

            ServerSettings? settings = SettingsLoader.Load(args, Environment.GetEnvironmentVariables(), configurationFile, Console.Out);
            if (settings is null)
            {
                return 0;
            }

            await RunAsync(settings, configurationFile);
            return 0;
        }
        catch (SettingsException exception)
        {
            PrintLastLine(exception.Message);
            return NodeFailure.Settings;
        }
        catch (Exception exception)
        {
            NodeFailure failure = NodeFailure.From(exception);
            if (failure.ExitCode == NodeFailure.Invariant)
            {
                await Console.Error.WriteLineAsync(exception.ToString());
            }

            PrintLastLine(failure.Line);
            return failure.ExitCode;
        }
    }

    private static async Task RunAsync(ServerSettings settings, string configurationFile)
    {
        await using WebApplication app = ServerApp.Build(settings, configurationFile, new ImmediateExit(ExitNow));
        ILogger logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("RaftStore.Host");
        ServerLog.Starting(logger, ServerVersion.Text, settings.Name, settings.DataPath);
        try
        {
            await app.StartAsync();
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new SettingsException($"{exception.Message.TrimEnd('.')}. Stop what uses it, or choose another address with --listen.");
        }
        catch (SocketException exception)
        {
            throw new SettingsException($"--listen {string.Join(',', settings.Listen)} cannot be bound: {exception.Message.TrimEnd('.')}. Choose an address that this machine has and this user may use.");
        }

        ServerLog.Listening(logger, string.Join(", ", app.Urls));
        if (settings.IsInsecure)
        {
            ServerLog.Insecure(logger);
        }

        await app.WaitForShutdownAsync();
    }

    /// <summary>Ends the process where it stands: nothing that a node in an unknown state might still do is worth the risk.</summary>
    private static void ExitNow(int exitCode, string lastLine)
    {
        PrintLastLine(lastLine);
        Exit(exitCode);
    }

    private static void PrintLastLine(string line) => Console.Error.WriteLine("raftstore: " + line.ReplaceLineEndings(" "));

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int exitCode);
}
