namespace RaftStore.Cluster.Tests.Harness;

/// <summary>A test that makes system calls fail with strace, and is skipped where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StraceFactAttribute : FactAttribute
{
    public StraceFactAttribute()
    {
        string[] directories = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator);
        if (!directories.Any(directory => File.Exists(Path.Combine(directory, "strace"))))
        {
            Skip = "strace is not installed; this test makes calls of the disk fail with it.";
        }
    }
}
