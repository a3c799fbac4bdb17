namespace RaftStore.Kvctl.Tests.Fakes;

/// <summary>Keeps what is written, and cancels as soon as a line of it holds a text.</summary>
internal sealed class WatchedWriter(string said, CancellationTokenSource interrupt) : StringWriter
{
    public override Task WriteLineAsync(string? value)
    {
        WriteLine(value);
        return value?.Contains(said, StringComparison.Ordinal) == true ? interrupt.CancelAsync() : Task.CompletedTask;
    }
}
