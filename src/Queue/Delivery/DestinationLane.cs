using System.Diagnostics.CodeAnalysis;

namespace MailAccess.Queue;

/// <summary>A transaction that waits for its destination, or is under way there.</summary>
internal sealed class DeliveryJob
{
    private readonly TimeProvider _clock;
    private readonly long _submitted;
    private long _begun;
    private TimeSpan _connecting;

    public DeliveryJob(Transaction transaction, TimeProvider clock)
    {
        _clock = clock;
        _submitted = clock.GetTimestamp();
        Since = clock.GetUtcNow();
        Transaction = transaction with { Heard = part => transaction.Heard(Timed(part)) };
    }

    public Transaction Transaction { get; }

    public DateTimeOffset Since { get; }

    public TaskCompletionSource<TransactionResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>It is its turn; again where it had to go back.</summary>
    public void Begin() => _begun = _clock.GetTimestamp();

    /// <summary>Counts the time that it takes to get a session.</summary>
    public async Task<T> TimeAsync<T>(Task<T> connecting)
    {
        long dialled = _clock.GetTimestamp();
        T connected = await connecting;
        _connecting = _clock.GetElapsedTime(dialled);
        return connected;
    }

    public void Complete(TransactionResult result) => Done.SetResult(Timed(result));

    public void Fail(Task failed)
    {
        if (failed.IsCanceled)
        {
            Done.TrySetCanceled();
        }
        else
        {
            Done.TrySetException(failed.Exception!.InnerExceptions);
        }
    }

    private TransactionResult Timed(TransactionResult result) => result with
    {
        Timing = new DeliveryTiming(_clock.GetElapsedTime(_submitted, _begun), _connecting, _clock.GetElapsedTime(_begun) - _connecting),
    };
}

/// <summary>What <see cref="RemoteQueue"/> keeps of one destination; guarded by its lock.</summary>
internal sealed class DestinationLane(Destination destination, QueueLimits limits) : Lane
{
    public Destination Destination { get; } = destination;

    public DestinationHealth Health { get; } = new(limits);

    public AgingQueue<DeliveryJob> Waiting { get; } = new();

    public SemaphoreSlim Wake { get; } = new(0);

    /// <summary>Each owns a connection, dials one, or is about to.</summary>
    public int Runners { get; set; }

    /// <summary>Runners that wait for a session.</summary>
    public int Dialling { get; set; }

    /// <summary>Runners with a session.</summary>
    public int Live { get; set; }

    /// <summary>Runners with a session and without work.</summary>
    public int Idle { get; set; }

    public bool IsStarved { get; set; }

    public override int Window => Health.Window;

    public void Enqueue(DeliveryJob job) => Waiting.Enqueue(job, job.Transaction.Message.Priority, job.Since);

    public bool TryTake([NotNullWhen(true)] out DeliveryJob? job)
    {
        bool any = Waiting.TryDequeue(out job);
        job?.Begin();
        return any;
    }

    /// <summary>Whoever wakes an idle runner counts it out, so that no wake-up is left over for a later one.</summary>
    public void WakeIdle(int count)
    {
        if (count > 0)
        {
            Idle -= count;
            Wake.Release(count);
        }
    }

    public bool IsForgettable(DateTimeOffset now) => Runners == 0 && Held == 0 && Parked.Count == 0 && Health.DeadUntil <= now;
}

/// <summary>Sends one transaction after the other to one destination, over one connection where it lasts.</summary>
internal sealed class DestinationRunner(DestinationLane lane)
{
    public DestinationLane Lane { get; } = lane;

    public SmtpSession? Session { get; set; }

    /// <summary>Transactions taken so far.</summary>
    public int Served { get; set; }

    /// <summary>It has a connection.</summary>
    public void Begin(SmtpSession session)
    {
        Session = session;
        Lane.Live++;
        Lane.Health.Connected();
    }
}
