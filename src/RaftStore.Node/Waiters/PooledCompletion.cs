using System.Threading.Tasks.Sources;

namespace RaftStore.Node.Waiters;

/// <summary>A continuation that somebody else runs.</summary>
internal interface IContinuation
{
    /// <summary>Runs the caller's continuation on this thread.</summary>
    void RunContinuation();
}

/// <summary>One caller's <see cref="ValueTask{TResult}"/> without a task: the pump sets the result, which is visible from then on, and
/// leaves the continuation, where there is one already, for a <see cref="CompletionBatch"/> to run. Goes back to its pool when the
/// caller takes the result.</summary>
/// <remarks>The caller's scheduling context is not restored: there is none anywhere in this product. Its execution context is,
/// where the awaiter asks for it.</remarks>
internal abstract class PooledCompletion<TResult> : Waiter, IValueTaskSource<TResult>, IContinuation
{
    private static readonly Action<object?> CompletedFirst = static _ => throw new InvalidOperationException("The mark of a completion was called.");

    private Action<object?>? _continuation;
    private object? _state;
    private ExecutionContext? _context;
    private TResult? _result;
    private volatile bool _isCompleted;
    private short _version;

    // The mark stands for a result that came before a continuation did; both are set last, with everything else before them.
    private bool IsCompleted => ReferenceEquals(Volatile.Read(ref _continuation), CompletedFirst) || _isCompleted;

    /// <summary>What the caller awaits, once.</summary>
    public ValueTask<TResult> Task => new(this, _version);

    /// <summary>Makes the result visible. Where this returns false the object may already serve its next caller.</summary>
    /// <returns>True where a continuation waits, which <see cref="RunContinuation"/> must run; false where the caller has not asked yet,
    /// or only looks.</returns>
    public bool Complete(TResult result)
    {
        _result = result;
        if (Interlocked.CompareExchange(ref _continuation, CompletedFirst, null) is null)
        {
            return false;
        }

        _isCompleted = true;
        return true;
    }

    /// <inheritdoc/>
    public void RunContinuation()
    {
        Action<object?> continuation = _continuation!;
        object? state = _state;
        if (_context is ExecutionContext context)
        {
            ExecutionContext.Run(context, static boxed => RunPair(((Action<object?>, object?))boxed!), (continuation, state));
            return;
        }

        continuation(state);
    }

    /// <inheritdoc/>
    TResult IValueTaskSource<TResult>.GetResult(short token)
    {
        CheckToken(token);
        if (!IsCompleted)
        {
            throw new InvalidOperationException("The result was asked for before there was one.");
        }

        TResult result = _result!;
        Reset();
        return result;
    }

    /// <inheritdoc/>
    ValueTaskSourceStatus IValueTaskSource<TResult>.GetStatus(short token)
    {
        CheckToken(token);
        return IsCompleted ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;
    }

    /// <inheritdoc/>
    void IValueTaskSource<TResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        CheckToken(token);
        _state = state;
        _context = (flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != 0 ? ExecutionContext.Capture() : null;
        if (Interlocked.CompareExchange(ref _continuation, continuation, null) is not null)
        {
            // The result came between the caller's look and this call: rare enough for a hop of its own.
            ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: false);
        }
    }

    /// <summary>Clears everything for the next caller and goes back to the pool.</summary>
    public void Reset()
    {
        unchecked
        {
            _version++;
        }

        _isCompleted = false;
        _continuation = null;
        _state = null;
        _context = null;
        _result = default;
        Recycle();
    }

    /// <summary>Clears what the derived class holds and goes back to the pool.</summary>
    protected abstract void Recycle();

    private static void RunPair((Action<object?> Continuation, object? State) pair) => pair.Continuation(pair.State);

    private void CheckToken(short token)
    {
        if (token != _version)
        {
            throw new InvalidOperationException("The result of this call was taken already.");
        }
    }
}
