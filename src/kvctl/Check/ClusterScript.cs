using System.ComponentModel;
using System.Diagnostics;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Check;

/// <summary>The script that kills, starts, pauses and resumes nodes.</summary>
internal static class ClusterScript
{
    /// <summary>The errno of a file that may be executed but says not by what.</summary>
    private const int ExecFormatError = 8;

    /// <summary>Runs it: the file itself where it is executable, else with bash, as a file without a first line that names an interpreter is.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static async Task<string?> RunAsync(string path, string verb, string node)
    {
        try
        {
            using Process process = Start(path, verb, node);
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            string error = await process.StandardError.ReadToEndAsync();
            await output;
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? null : $"{path} {verb} {node}: {(error.Trim() is { Length: > 0 } said ? Escape.Line(said) : $"exit code {process.ExitCode}")}";
        }
        catch (Win32Exception exception)
        {
            return $"{path} {verb} {node}: {Escape.Line(exception.Message)}";
        }
    }

    private static Process Start(string path, string verb, string node)
    {
        if (IsExecutable(path))
        {
            try
            {
                return Start(path, [verb, node]);
            }
            catch (Win32Exception exception) when (exception.NativeErrorCode == ExecFormatError)
            {
                // A shell would take it for a shell's script as well.
            }
        }

        return Start("bash", [path, verb, node]);
    }

    private static Process Start(string file, string[] arguments) =>
        Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;

    private static bool IsExecutable(string path) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;
}
