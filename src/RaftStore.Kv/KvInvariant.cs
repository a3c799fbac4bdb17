using System.Diagnostics.CodeAnalysis;

namespace RaftStore.Kv;

/// <summary>The state machine found a rule of its own broken. The node must stop: its state can no longer be trusted to be that
/// of the others.</summary>
public sealed class KvInvariantException(string message) : Exception(message);

/// <summary>Checks of the state machine's own rules, on in every build. They stand on paths where the message is cheap to build
/// or rarely built; input from clients and peers is refused before it could reach one.</summary>
internal static class KvInvariant
{
    /// <summary>Returns only where the rule holds.</summary>
    /// <exception cref="KvInvariantException">The rule is broken.</exception>
    internal static void Check([DoesNotReturnIf(false)] bool holds, string rule)
    {
        if (!holds)
        {
            throw new KvInvariantException(rule);
        }
    }

    /// <summary>Ends an operation that found a rule broken, with the numbers that show it.</summary>
    [DoesNotReturn]
    internal static void Broken(FormattableString rule) => throw new KvInvariantException(FormattableString.Invariant(rule));
}
