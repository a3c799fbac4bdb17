using System.Collections.Concurrent;

namespace RaftStore.Node.Waiters;

/// <summary>Gathers what a pass of the pump finished and runs the callers' continuations on the thread pool: one hop for many,
/// never one for each, and never on the pump's thread: a hop costs tens of microseconds.</summary>
internal sealed class CompletionBatch
{
    /// <summary>Continuations in one work item: few hops, yet a large batch is spread over the processors.</summary>
    private const int RunLength = 64;

    /// <summary>Work items kept for use again.</summary>
    private const int RunsKeptMax = 64;

    private readonly ConcurrentQueue<Run> _kept = new();
    private Run? _gathering;

    /// <summary>Work items handed to the thread pool so far.</summary>
    public long RunsDispatched { get; private set; }

    /// <summary>Results made visible so far.</summary>
    public long ResultsGiven { get; private set; }

    /// <summary>Makes a result visible to its caller; its continuation runs after the next <see cref="Dispatch"/>.</summary>
    public void Add<TResult>(PooledCompletion<TResult> completion, TResult result)
    {
        ResultsGiven++;
        if (!completion.Complete(result))
        {
            return;
        }

        Run run = _gathering ??= _kept.TryDequeue(out Run? kept) ? kept : new Run(_kept);
        if (run.Add(completion) == RunLength)
        {
            Dispatch();
        }
    }

    /// <summary>Hands everything gathered to the thread pool.</summary>
    public void Dispatch()
    {
        if (_gathering is Run run)
        {
            _gathering = null;
            RunsDispatched++;
            ThreadPool.UnsafeQueueUserWorkItem(run, preferLocal: false);
        }
    }

    /// <summary>One work item: continuations that run one after the other.</summary>
    private sealed class Run(ConcurrentQueue<Run> kept) : IThreadPoolWorkItem
    {
        private readonly IContinuation?[] _continuations = new IContinuation?[RunLength];
        private int _count;

        public int Add(IContinuation continuation)
        {
            _continuations[_count++] = continuation;
            return _count;
        }

        public void Execute()
        {
            for (int i = 0; i < _count; i++)
            {
                IContinuation continuation = _continuations[i]!;
                _continuations[i] = null;
                continuation.RunContinuation();
            }

            _count = 0;
            if (kept.Count < RunsKeptMax)
            {
                kept.Enqueue(this);
            }
        }
    }
}
