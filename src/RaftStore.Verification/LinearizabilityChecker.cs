using RaftStore.Verification.Search;

namespace RaftStore.Verification;

/// <summary>Decides whether one order of all operations, each at a moment between its request and its answer, explains every answer.</summary>
/// <remarks>
/// <para>
/// <b>Key by key.</b> A history of operations on single keys is linearizable where the history of each key is (Herlihy and Wing, 1990),
/// so each key is searched by itself (<see cref="LinearizationSearch"/>). Ranges are about many keys, and there that is not
/// so: two ranges may each be right for every key and still see two writes in opposite orders. What makes it right again are the store's
/// revisions, which every answer names. A revision is a place in the one order that the store claims. So it is checked
/// </para>
/// <list type="number">
/// <item>for each key, that an order respects time, explains the answers, and agrees with the revisions: the writes stand by their
/// revisions, and what was answered at revision S stands after all writes up to S and before all later ones. A range answered at S is a
/// read at S of every key of the history in its bounds, of those that it shows and of those that it does not;</item>
/// <item>over all keys, that what is sent after an answer has a revision no lower than it, a write a higher one, and that no two
/// operations made the same revision.</item>
/// </list>
/// <para>
/// Then all operations sorted by revision, at equal revisions the write first and the rest by time, are one order that explains the
/// whole history: it respects time by (2), and each key goes through the states that (1) found. And where either fails there is none that agrees with the revisions told.
/// Where all effective writes of a key have known revisions, and no deletion of it has an unknown outcome, its state at S is known without a
/// search, and a range is compared with that instead.
/// </para>
/// <para>
/// <b>What is not checked.</b> Operations without a revision are checked key by key only. A write of unknown outcome that nobody saw is given
/// a place, but not whether the store had a revision left for it there; a deletion of a range of unknown outcome may take effect on some
/// of its keys only, and a deletion of unknown outcome conditional on a revision that no known write made may take effect whatever the
/// key holds. A read of the past that was refused says nothing. Versions of keys, leases and the order in which a client's own requests were made beyond
/// their times are not looked at.
/// </para>
/// </remarks>
public static class LinearizabilityChecker
{
    /// <summary>Checks a history. On the caller's thread; the history must not change meanwhile.</summary>
    /// <exception cref="ArgumentException">Two writes write the same value to one key, a put has no value, or an answer lies before its request.</exception>
    public static CheckResult Check(IReadOnlyList<Operation> history, CheckOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(history);
        return new HistoryCheck(history, options ?? new CheckOptions()).Run();
    }
}
