using System.Text;
using RaftStore.Kvctl.CommandLine;
using Spectre.Console;

namespace RaftStore.Kvctl.Output;

/// <summary>Tables for people. The only user of Spectre.Console, so that commands without a table never load it.</summary>
internal static class Tables
{
    /// <summary>Wide enough for any table of ours where nobody's window sets the width: a wrapped row defeats grep.</summary>
    private const int WidthWithoutTerminal = 400;

    public static void Print(CommandIo io, IEnumerable<string> headings, IEnumerable<string[]> rows)
    {
        using var writer = new StreamWriter(io.Output, new UTF8Encoding(false), leaveOpen: true);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = io.IsOutputTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = io.IsOutputTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!io.IsOutputTerminal)
        {
            console.Profile.Width = WidthWithoutTerminal;
        }

        var table = new Table { Border = TableBorder.Simple };
        foreach (string heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading)) { NoWrap = true });
        }

        foreach (string[] row in rows)
        {
            table.AddRow(row.Select(cell => new Text(Escape.Line(cell))));
        }

        console.Write(table);
    }
}
