using RaftStore.Verification.Keys;

namespace RaftStore.Verification.Search;

/// <summary>What a search came to.</summary>
internal enum SearchEnd
{
    Found,
    None,
    GaveUp,
}

/// <summary>Looks for an order of one key's operations that respects time and revisions and explains every answer: the algorithm of Wing
/// and Gong with Lowe's undo list, and a memory of the positions it has been at. One run.</summary>
/// <remarks>
/// What keeps it short, beside the memory:
/// what only looks and is satisfied is placed at once and never taken back for another choice, because it changes nothing and could
/// be moved to the front of any order that goes on from here;
/// a value is not overwritten while somebody still has to see it, because it does not come back;
/// writes of known revision have one order, and what was answered at a revision stands between two of them;
/// optional writes are tried only directly before an operation that does not fit without them (see <see cref="SearchProblem"/>).
/// </remarks>
internal sealed class LinearizationSearch
{
    /// <summary>Which optional writes may stand, in this order, before an operation that does not fit alone. Two at most: one deletion and one
    /// put lead anywhere. «Conditional» stands for one that is conditional on the present revision.</summary>
    private static readonly Optional[][] Chains =
    [
        [],
        [Optional.Delete],
        [Optional.ConditionalDelete],
        [Optional.Put],
        [Optional.PutIfExists],
        [Optional.ConditionalPut],
        [Optional.PutIfAbsent],
        [Optional.Delete, Optional.PutIfAbsent],
        [Optional.ConditionalDelete, Optional.PutIfAbsent],
    ];

    private readonly SearchProblem _problem;
    private readonly Placed[] _operations;
    private readonly EventOrder _order;
    private readonly SearchCache _cache;
    private readonly SearchLimits _limits;
    private readonly ulong[] _placedBits;
    private readonly int[] _observersLeft;
    private readonly Stack<Frame> _frames = new();
    private SearchState _state = new(SearchState.Absent, 0, -1, false);
    private OptionalUse _use;
    private int _knownNext;
    private int _last = -1;

    /// <summary>What ends first of all that is not placed, while the next is looked for; -1 where nobody has asked yet.</summary>
    private int _firstEnd = -1;

    public LinearizationSearch(SearchProblem problem, SearchLimits limits)
    {
        _problem = problem;
        _limits = limits;
        _operations = problem.Operations;
        _order = new EventOrder(_operations);
        _cache = new SearchCache(limits.MemoryBytesMax);
        _placedBits = new ulong[(_operations.Length + 63) / 64];
        _observersLeft = new int[problem.Values + 1];
        foreach (Placed operation in _operations)
        {
            if (operation.Need == Need.Value)
            {
                _observersLeft[operation.NeedValue]++;
            }
        }
    }

    private enum Optional
    {
        Delete,
        Put,
        PutIfAbsent,
        PutIfExists,
        ConditionalDelete,
        ConditionalPut,
    }

    /// <summary>Steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>The furthest position: the operations placed, in order, and those of which none could come next.</summary>
    public DeadEnd Furthest { get; private set; } = new(0, [], default, [], []);

    /// <summary>Searches.</summary>
    public SearchEnd Run()
    {
        int resumeAt = -1;
        int resumeChain = 0;
        while (_frames.Count < _operations.Length)
        {
            if (_cache.IsFull || ++Steps > _limits.StepsMax || ((Steps & 0xFFF) == 0 && _limits.IsOver()))
            {
                return SearchEnd.GaveUp;
            }

            if (resumeAt < 0 && TryPlaceLooker())
            {
                continue;
            }

            if (TryPlaceNext(resumeAt, resumeChain))
            {
                if (_frames.Count == _operations.Length || _cache.Add(_placedBits, _order.First, _last, _state, _use))
                {
                    resumeAt = -1;
                    resumeChain = 0;
                    continue;
                }
            }
            else if (resumeAt < 0)
            {
                NoteDeadEnd();
            }

            if (!TakeBack(out resumeAt, out resumeChain))
            {
                return SearchEnd.None;
            }
        }

        return SearchEnd.Found;
    }

    /// <summary>The value with a number.</summary>
    public string ValueOf(int number) => Array.Find(_operations, operation => operation.Writes == number).Event.Written!;

    /// <summary>Places something that only looks, where what it says is so.</summary>
    private bool TryPlaceLooker()
    {
        for (int i = _order.First; i >= 0; i = _order.After(i))
        {
            if (_operations[i].Effect == Effect.None && TryApply(i, _state, out SearchState after) && MayBeForced(_operations[i], after))
            {
                Place(i, 0, after, _use, isForced: true);
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether placing something that only looks can be no mistake. Where it leaves the position's state as it is, it can be none: in any order
    /// that goes on from here, what stands before it meets the same state without it. Otherwise it still changes nothing for the key, but what
    /// was answered at revision S makes every later write one of a higher revision. Where it can stand here, it can stand after no write of known
    /// revision that is still to come, nor, where it saw a value, after any. What is left is a key that existed and then did not (or the
    /// other way) between here and its other place, and that takes a put of unknown revision, or for <see cref="Need.NotRevision"/> any write of unknown
    /// revision.</summary>
    private bool MayBeForced(in Placed placed, in SearchState after) =>
        after == _state || placed.Revision < 0 || placed.Need is Need.Value || (placed.Need is Need.Absent or Need.Present && !_problem.HasPutOfUnknownRevision);

    /// <summary>Places the next of what may come next, alone or behind optional writes.</summary>
    private bool TryPlaceNext(int resumeAt, int resumeChain)
    {
        int chains = _problem.HasOptional ? Chains.Length : 1;
        _firstEnd = -1;
        for (int i = resumeAt < 0 ? _order.First : resumeAt; i >= 0; i = _order.After(i))
        {
            for (int chain = i == resumeAt ? resumeChain : 0; chain < chains; chain++)
            {
                SearchState state = _state;
                OptionalUse use = _use;
                bool fitsAlone = Fits(i, state);
                if (fitsAlone && chain > 0)
                {
                    break;
                }

                if ((fitsAlone || (chain > 0 && TryChain(Chains[chain], ref state, ref use) && Fits(i, state))) && TryApply(i, state, out SearchState after))
                {
                    Place(i, chain, after, use, isForced: false);
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>What it says about the key is so.</summary>
    private bool Fits(int operation, in SearchState state)
    {
        ref readonly Placed placed = ref _operations[operation];
        return placed.Need switch
        {
            Need.Any => true,
            Need.Absent => state.Value == SearchState.Absent,
            Need.Present => state.Value != SearchState.Absent,
            Need.Value => state.Value == placed.NeedValue,
            Need.NotRevision => state.Value != placed.NeedValue,
            // A revision that no known write has: it may be that of a write whose revision nobody told.
            Need.Revision => state.Value != SearchState.Absent && _problem.RevisionOf(state.Value) < 0
                && (state.IsBound ? placed.Event.SeenRevision == state.RevisionMin : placed.Event.SeenRevision >= state.RevisionMin),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), placed.Need, null),
        };
    }

    private bool TryApply(int operation, SearchState state, out SearchState after)
    {
        after = state;
        if (!Fits(operation, state))
        {
            return false;
        }

        ref readonly Placed placed = ref _operations[operation];
        if (placed.Need == Need.Revision)
        {
            state = state with { RevisionMin = placed.Event.SeenRevision, IsBound = true };
        }

        long nextRevision = _knownNext < _problem.Known.Length ? _operations[_problem.Known[_knownNext]].Revision : long.MaxValue;
        if (placed.Effect == Effect.None)
        {
            after = state with { AnsweredAt = Math.Max(state.AnsweredAt, placed.Revision) };
            return placed.Revision < 0 || (placed.Revision >= state.RevisionMin && placed.Revision < nextRevision);
        }

        if (placed.Effect == Effect.Delete && state.Value == SearchState.Absent && placed.Revision < 0)
        {
            return true;
        }

        if (!MayEnd(state, seenByItself: placed.Need == Need.Value) || (placed.Revision >= 0 && (placed.Revision <= state.RevisionMin || _problem.Known[_knownNext] != operation)))
        {
            return false;
        }

        return TryWrite(state, placed.Writes, placed.Revision, placed.Event.Floor.Revision, placed.Revision >= 0 ? long.MaxValue : nextRevision, out after);
    }

    /// <summary>Whether nobody still has to see what the key holds.</summary>
    private bool MayEnd(in SearchState state, bool seenByItself) => state.Value <= 0 || _observersLeft[state.Value] == (seenByItself ? 1 : 0);

    private static bool TryWrite(in SearchState state, int value, long revision, long floor, long nextRevision, out SearchState after)
    {
        after = state with { Value = value, RevisionMin = revision >= 0 ? revision : Math.Max(Math.Max(state.RevisionMin, state.AnsweredAt), floor) + 1, IsBound = false };
        return after.RevisionMin < nextRevision;
    }

    private bool TryChain(Optional[] chain, ref SearchState state, ref OptionalUse use)
    {
        foreach (Optional link in chain)
        {
            if (!TryOptional(link, ref state, ref use))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryOptional(Optional link, ref SearchState state, ref OptionalUse use)
    {
        bool exists = state.Value != SearchState.Absent;
        bool mayBe = link switch
        {
            Optional.Put => true,
            Optional.PutIfAbsent => !exists,
            _ => exists,
        };
        if (!mayBe || !MayEnd(state, seenByItself: false))
        {
            return false;
        }

        KeyEvent? write;
        if (link is Optional.ConditionalDelete or Optional.ConditionalPut)
        {
            Effect effect = link == Optional.ConditionalPut ? Effect.Write : Effect.Delete;
            write = _problem.Conditional.TryGetValue(state.Value, out KeyEvent[]? list) ? Array.Find(list, entry => entry.Effect == effect) : null;
        }
        else
        {
            var kind = (OptionalKind)link;
            int used = use.Of(kind);
            KeyEvent[] queue = _problem.Optional[(int)kind];
            write = used < queue.Length ? queue[used] : null;
            use = use.Plus(kind);
        }

        // It must have been sent before anything had to be over that is not placed yet.
        if (write is null)
        {
            return false;
        }

        _firstEnd = _firstEnd < 0 ? _order.FirstEnd() : _firstEnd;
        if (write.From > _operations[_firstEnd].To)
        {
            return false;
        }

        long nextRevision = _knownNext < _problem.Known.Length ? _operations[_problem.Known[_knownNext]].Revision : long.MaxValue;
        int value = write.Effect == Effect.Write ? SearchState.Unseen : SearchState.Absent;
        return TryWrite(state, value, -1, write.Floor.Revision, nextRevision, out state);
    }

    private void Place(int operation, int chain, in SearchState after, in OptionalUse use, bool isForced)
    {
        ref readonly Placed placed = ref _operations[operation];
        _frames.Push(new Frame(operation, chain, _state, _use, _knownNext, _last, isForced));
        _state = after;
        _use = use;
        _order.Lift(operation);
        _placedBits[operation >> 6] |= 1UL << (operation & 63);
        _last = Math.Max(_last, operation);
        _knownNext += placed.Effect != Effect.None && placed.Revision >= 0 ? 1 : 0;
        if (placed.Need == Need.Value)
        {
            _observersLeft[placed.NeedValue]--;
        }
    }

    /// <summary>Takes back to the last choice, and says after which alternative to go on.</summary>
    private bool TakeBack(out int resumeAt, out int resumeChain)
    {
        while (_frames.TryPop(out Frame frame))
        {
            _state = frame.State;
            _use = frame.Use;
            _knownNext = frame.KnownNext;
            _last = frame.Last;
            _order.Unlift(frame.Operation);
            _placedBits[frame.Operation >> 6] &= ~(1UL << (frame.Operation & 63));
            if (_operations[frame.Operation].Need == Need.Value)
            {
                _observersLeft[_operations[frame.Operation].NeedValue]++;
            }

            if (!frame.IsForced)
            {
                resumeAt = frame.Operation;
                resumeChain = frame.Chain + 1;
                return true;
            }
        }

        resumeAt = -1;
        resumeChain = 0;
        return false;
    }

    private void NoteDeadEnd()
    {
        // It is told of pieces that a person can read; in a long history it would cost more than the search.
        if (_operations.Length > DeadEnd.OperationsMax || (_frames.Count <= Furthest.Depth && Furthest.Next.Count > 0))
        {
            return;
        }

        List<KeyEvent> next = [];
        for (int i = _order.First; i >= 0; i = _order.After(i))
        {
            next.Add(_operations[i].Event);
        }

        IReadOnlyList<KeyEvent> placed = _operations.Length <= DeadEnd.OrderMax ? [.. _frames.Reverse().Select(frame => _operations[frame.Operation].Event)] : [];
        int value = _state.Value;
        KeyEvent[] awaited = [.. Enumerable.Range(0, _operations.Length)
            .Where(i => (_placedBits[i >> 6] & (1UL << (i & 63))) == 0 && value > 0 && _operations[i].Need == Need.Value && _operations[i].NeedValue == value)
            .Select(i => _operations[i].Event)
            .Except(next)];
        Furthest = new DeadEnd(_frames.Count, placed, _state, next, awaited);
    }

    /// <summary>An operation placed, and everything as it was before.</summary>
    private readonly record struct Frame(int Operation, int Chain, SearchState State, OptionalUse Use, int KnownNext, int Last, bool IsForced);
}

/// <summary>Where a search could not go on.</summary>
/// <param name="Depth">How many operations were placed.</param>
/// <param name="Placed">They, in order; empty for histories too long to be told.</param>
/// <param name="State">What the key then was.</param>
/// <param name="Next">What may come next by time; none of it fits.</param>
/// <param name="Awaited">What may only come later, and still has to see what the key then holds.</param>
internal sealed record DeadEnd(int Depth, IReadOnlyList<KeyEvent> Placed, SearchState State, IReadOnlyList<KeyEvent> Next, IReadOnlyList<KeyEvent> Awaited)
{
    /// <summary>Orders longer than this are not told.</summary>
    public const int OrderMax = 64;

    /// <summary>Of more operations no dead end is noted.</summary>
    public const int OperationsMax = 1000;
}

/// <summary>How far one search may go.</summary>
/// <param name="StepsMax">Steps.</param>
/// <param name="MemoryBytesMax">Bytes of remembered positions.</param>
/// <param name="IsOver">Whether time is up.</param>
internal sealed record SearchLimits(long StepsMax, long MemoryBytesMax, Func<bool> IsOver);
