namespace RaftStore.Storage.Tests;

/// <summary>A test that lets system calls fail with <c>strace</c>; skipped where there is none or where it may not trace.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithStraceAttribute : FactAttribute
{
    private static readonly Lazy<string?> Obstacle = new(FindObstacle);

    public FactWithStraceAttribute() => Skip = Obstacle.Value;

    private static string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "strace is a program of Linux";
        }

        try
        {
            (int exitCode, string output) = ChildProcess.Run("strace", ["-f", "-o", "/dev/null", "-e", "inject=fdatasync:error=EIO", "true"]);
            return exitCode == 0 ? null : $"strace cannot trace here: {output}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "strace is not installed";
        }
    }
}
