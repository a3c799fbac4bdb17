using System.Globalization;

namespace RaftStore.Kvctl.Bench;

/// <summary>Reads how much CPU time a process of this machine has used, user and system, from <c>/proc</c>.</summary>
internal static class ProcessCpu
{
    /// <summary>The unit of <c>/proc/PID/stat</c>: always a hundredth of a second as far as user space sees it.</summary>
    private const int TicksPerSecond = 100;

    /// <summary>The time used so far; null when there is no such process, or no <c>/proc</c>.</summary>
    public static TimeSpan? Used(int pid)
    {
        try
        {
            return Parse(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Fields 14 and 15, counted behind the process's name, which may itself hold blanks and brackets.</summary>
    internal static TimeSpan? Parse(string stat)
    {
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 12
            && long.TryParse(fields[11], NumberStyles.None, CultureInfo.InvariantCulture, out long user)
            && long.TryParse(fields[12], NumberStyles.None, CultureInfo.InvariantCulture, out long system)
            ? TimeSpan.FromSeconds((user + system) / (double)TicksPerSecond)
            : null;
    }
}
