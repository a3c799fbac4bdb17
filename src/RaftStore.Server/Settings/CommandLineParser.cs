using System.CommandLine;
using System.Reflection;

namespace RaftStore.Server.Settings;

/// <summary>Turns arguments into settings by name. What they mean is none of its business.</summary>
internal sealed class CommandLineParser
{
    /// <summary>What the framework's test host passes to every program that it runs inside its own process; a user's program, which is a
    /// process of its own, knows none of them.</summary>
    private static readonly string[] TestHostArguments = ["environment", "contentRoot", "applicationName"];

    private readonly RootCommand _root;
    private readonly Dictionary<string, Option<string>> _valued = [];
    private readonly Dictionary<string, Option<bool>> _switches = [];

    /// <summary>Makes the options of <see cref="SettingDefinitions.All"/>.</summary>
    public CommandLineParser()
    {
        _root = new RootCommand(
            "One node of a RaftStore cluster: a replicated key-value store with an HTTP interface. Every setting is also a key of "
            + "appsettings.json beside the program and, as RAFTSTORE_NAME, a variable of the environment: flags win over the environment, "
            + "the environment over the file. A DURATION is a whole number with ms, s, m or h. Exit codes: 0 clean, 2 settings, 3 data directory, "
            + "4 a log write failed, 5 an invariant broke. When a majority of a cluster is lost for good: raftstore recover --help.");
        foreach (SettingDefinition definition in SettingDefinitions.All)
        {
            if (definition.IsSwitch)
            {
                Option<bool> option = new("--" + definition.Name) { Description = definition.Meaning };
                _switches.Add(definition.Name, option);
                _root.Add(option);
            }
            else
            {
                Option<string> option = new("--" + definition.Name) { Description = definition.Meaning, HelpName = definition.Value };
                _valued.Add(definition.Name, option);
                _root.Add(option);
            }
        }

        if (Assembly.GetEntryAssembly() != typeof(CommandLineParser).Assembly)
        {
            foreach (string name in TestHostArguments)
            {
                _root.Add(new Option<string>("--" + name) { Hidden = true });
            }
        }
    }

    /// <summary>Reads the arguments.</summary>
    /// <param name="values">What was given, by name.</param>
    /// <param name="output">Where <c>--help</c> and <c>--version</c> write.</param>
    /// <returns>True where the arguments asked for help or the version, which is now written; nothing is to be started.</returns>
    /// <exception cref="SettingsException">An argument is unknown, has no value, or is given twice.</exception>
    public bool Parse(IReadOnlyList<string> arguments, IDictionary<string, SettingValue> values, TextWriter output)
    {
        ParseResult result = _root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (result.UnmatchedTokens.Count > 0)
        {
            throw new SettingsException($"'{result.UnmatchedTokens[0]}' is not a setting: raftstore --help lists those there are.");
        }

        if (result.Errors.Count > 0)
        {
            throw new SettingsException(result.Errors[0].Message.ReplaceLineEndings(" "));
        }

        if (result.Action is not null)
        {
            result.Invoke(new InvocationConfiguration { Output = output });
            return true;
        }

        foreach ((string name, Option<string> option) in _valued)
        {
            if (result.GetResult(option) is { Implicit: false })
            {
                string text = result.GetValue(option) ?? "";
                if (text.StartsWith("--", StringComparison.Ordinal))
                {
                    throw new SettingsException($"--{name} has no value: '{text}' after it is another setting.");
                }

                values[name] = new SettingValue(text, "--" + name);
            }
        }

        foreach ((string name, Option<bool> option) in _switches)
        {
            if (result.GetResult(option) is { Implicit: false })
            {
                values[name] = new SettingValue(result.GetValue(option) ? "true" : "false", "--" + name);
            }
        }

        return false;
    }
}
