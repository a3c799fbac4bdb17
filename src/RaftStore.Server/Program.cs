using System.Runtime.InteropServices;
using RaftStore.Raft;
using RaftStore.Server.Hosting;
using RaftStore.Server.Settings;
using RaftStore.Storage;

namespace RaftStore.Server;

/// <summary>The executable <c>raftstore</c>.</summary>
public sealed partial class Program
{
    private const int SettingsExitCode = 2;
    private const int DataDirectoryExitCode = 3;
    private const int LogExitCode = 4;
    private const int InvariantExitCode = 5;

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
            ServerSettings? settings = SettingsLoader.Load(args, Environment.GetEnvironmentVariables(), configurationFile, Console.Out);
            if (settings is null)
            {
                return 0;
            }

            await RunAsync(settings, configurationFile);
            return 0;
        }
        catch (Exception exception) when (ExitCodeOf(exception) is > 0 and int exitCode)
        {
            await Console.Error.WriteLineAsync("raftstore: " + exception.Message.ReplaceLineEndings(" "));
            return exitCode;
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
        catch (IOException exception)
        {
            // An address of --listen or --peer-listen cannot be bound; the message names it.
            throw new SettingsException($"{exception.Message.TrimEnd('.')}. Stop what uses the address, or choose another by --listen or --peer-listen.");
        }

        ServerLog.Listening(logger, string.Join(", ", app.Urls));
        if (settings.IsInsecure)
        {
            ServerLog.Insecure(logger);
        }

        await app.WaitForShutdownAsync();
    }

    private static int ExitCodeOf(Exception exception) => exception switch
    {
        SettingsException => SettingsExitCode,
        DataDirectoryException => DataDirectoryExitCode,
        StorageIoException => LogExitCode,
        RaftInvariantException => InvariantExitCode,
        _ => 0,
    };

    /// <summary>Ends the process where it stands: nothing that a node in an unknown state might still do is worth the risk.</summary>
    private static void ExitNow(int exitCode, string lastLine)
    {
        Console.Error.WriteLine(lastLine);
        Exit(exitCode);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int exitCode);
}
