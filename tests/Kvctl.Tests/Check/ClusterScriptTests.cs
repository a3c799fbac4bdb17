using RaftStore.Kvctl.Check;

namespace RaftStore.Kvctl.Tests.Check;

public sealed class ClusterScriptTests : IDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"raftstore-script-{Guid.NewGuid():n}");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task Run_AnExecutableFile_IsRunByWhatItsFirstLineNames()
    {
        await WriteAsync("#!/usr/bin/awk -f\nBEGIN { print \"awk \" ARGV[1] \" \" ARGV[2] > \"/dev/stderr\"; exit 3 }\n", Executable);

        Assert.Equal($"{_path} kill n1: awk kill n1", await ClusterScript.RunAsync(_path, "kill", "n1"));
    }

    [Fact]
    public async Task Run_AFileThatIsNotExecutable_IsRunByBash()
    {
        await WriteAsync("#!/usr/bin/awk -f\n[[ $1 == kill && -n $BASH_VERSION ]] || exit 1\n", UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Assert.Null(await ClusterScript.RunAsync(_path, "kill", "n1"));
    }

    [Fact]
    public async Task Run_AnExecutableFileThatNamesNoInterpreter_IsRunByBash()
    {
        await WriteAsync("[[ $1 == kill && -n $BASH_VERSION ]] || exit 1\n", Executable);

        Assert.Null(await ClusterScript.RunAsync(_path, "kill", "n1"));
    }

    [Fact]
    public async Task Run_AnInterpreterThatIsNotThere_IsSaid()
    {
        await WriteAsync("#!/nowhere/at/all\n", Executable);

        Assert.StartsWith($"{_path} kill n1: ", await ClusterScript.RunAsync(_path, "kill", "n1"), StringComparison.Ordinal);
    }

    private async Task WriteAsync(string text, UnixFileMode mode)
    {
        await File.WriteAllTextAsync(_path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_path, mode);
        }
    }
}
