using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace RaftStore.Raft;

/// <summary>A safety rule was found broken. The node must stop at once: what it would do next cannot be trusted.</summary>
public sealed class RaftInvariantException : Exception
{
    /// <summary>Says which rule, with the numbers that show it.</summary>
    public RaftInvariantException(string message)
        : base(message)
    {
    }
}

/// <summary>Checks of safety rules that are on in every build. They are for our own bugs; input from peers and clients is
/// refused long before it could reach one.</summary>
public static class Invariant
{
    /// <summary>Returns only where the rule holds.</summary>
    /// <param name="holds">One condition.</param>
    /// <param name="message">The rule and the numbers; formatted only when it is broken.</param>
    /// <exception cref="RaftInvariantException">The rule is broken.</exception>
    public static void Check([DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Message message)
    {
        if (!holds)
        {
            throw new RaftInvariantException(message.ToString());
        }
    }

    /// <summary>Builds the text of a broken rule, and nothing where the rule holds.</summary>
    [InterpolatedStringHandler]
    public ref struct Message
    {
        private DefaultInterpolatedStringHandler _text;

        /// <summary>Called by the compiler.</summary>
        public Message(int literalLength, int formattedCount, bool holds, out bool isBroken)
        {
            isBroken = !holds;
            _text = isBroken ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        /// <summary>Called by the compiler.</summary>
        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        /// <summary>Called by the compiler.</summary>
        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        /// <summary>Called by the compiler.</summary>
        public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

        /// <inheritdoc/>
        public override string ToString() => _text.ToStringAndClear();
    }
}
