using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>What came of a transaction, and with whom.</summary>
internal sealed record TransactionResult(IReadOnlyList<RecipientOutcome> Outcomes, string Relay, string? RemoteHost)
{
    public DeliveryTiming Timing { get; init; }
}

/// <summary>
/// Transactions waiting for their destinations. Each destination has a few runners; a runner owns one connection and sends one
/// transaction after the other over it, waits a moment for more, and says goodbye.
/// </summary>
/// <remarks>
/// All state is guarded by one lock, which is never held while waiting. A transaction that was submitted always completes:
/// with outcomes, or cancelled by shutdown. A destination that cannot be reached answers for all that wait, for a short time.
/// </remarks>
internal sealed class RemoteQueue(RemoteConnector connector, QueueLimits limits, TimeProvider clock) : IDisposable
{
    private const string NoRelay = "none";

    private readonly Lock _gate = new();
    private readonly Dictionary<Destination, Lane> _lanes = [];
    private readonly Queue<Lane> _starved = [];
    private readonly HashSet<Task> _runners = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private int _connections;

    /// <summary>Called, under no lock, with each message that was parked and its priority, when its destination has room again.</summary>
    public Action<SpoolId, int> Released { get; set; } = static (_, _) => { };

    /// <summary>Too many wait already for this destination.</summary>
    public bool IsCrowded(Destination destination)
    {
        lock (_gate)
        {
            return _lanes.TryGetValue(destination, out Lane? lane) && lane.Waiting.Count >= limits.WaitingPerDestinationMax;
        }
    }

    /// <summary>Remembers the message until the destination has room. False: it has room now.</summary>
    public bool TryPark(Destination destination, SpoolId id, int priority)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested || !_lanes.TryGetValue(destination, out Lane? lane) || lane.Waiting.Count < limits.WaitingPerDestinationMax)
            {
                return false;
            }
            lane.Parked.Enqueue((id, priority), priority, clock.GetUtcNow());
            return true;
        }
    }

    public Task<TransactionResult> SubmitAsync(Destination destination, Transaction transaction)
    {
        Job job = new(transaction, clock.GetTimestamp());
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                return Task.FromCanceled<TransactionResult>(_stop.Token);
            }
            if (!_lanes.TryGetValue(destination, out Lane? lane))
            {
                ForgetQuietLanes();
                _lanes[destination] = lane = new Lane(destination);
            }
            lane.Waiting.Enqueue(job, transaction.Message.Priority, clock.GetUtcNow());
            Serve(lane);
        }
        return job.Done.Task;
    }

    /// <summary>First phase: running transactions finish, waiting ones are given back. Then: cut.</summary>
    public async Task StopAsync(Task grace)
    {
        Task[] runners;
        await _stop.CancelAsync();
        lock (_gate)
        {
            foreach (Lane lane in _lanes.Values)
            {
                while (lane.Waiting.TryDequeue(out Job? job))
                {
                    job.Done.TrySetCanceled(_stop.Token);
                }
            }
            runners = [.. _runners];
        }
        Task all = Task.WhenAll(runners);
        if (await Task.WhenAny(all, grace) != all)
        {
            await _abort.CancelAsync();
        }
        await all;
    }

    public void Dispose()
    {
        _stop.Dispose();
        _abort.Dispose();
    }

    // Wakes a waiting connection, or opens another, or waits for one to become free.
    private void Serve(Lane lane)
    {
        if (lane.Idle > 0)
        {
            WakeIdle(lane, 1);
        }
        else if (lane.Runners < limits.ConnectionsPerDestinationMax && _connections < limits.ConnectionsMax)
        {
            StartRunner(lane);
        }
        else if (lane.Runners == 0 && !lane.IsStarved)
        {
            lane.IsStarved = true;
            _starved.Enqueue(lane);
            foreach (Lane other in _lanes.Values.Where(l => l.Idle > 0))
            {
                WakeIdle(other, other.Idle); // Connections that only wait make room.
            }
        }
    }

    // Whoever wakes an idle runner counts it out, so that no wake-up is left over for a later one.
    private static void WakeIdle(Lane lane, int count)
    {
        lane.Idle -= count;
        lane.Wake.Release(count);
    }

    private void StartRunner(Lane lane)
    {
        lane.Runners++;
        _connections++;
        Task runner = Task.Run(() => RunAsync(lane));
        _runners.Add(runner);
        runner.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        void Ended(Task ended)
        {
            lock (_gate)
            {
                _runners.Remove(ended);
            }
        }
    }

    private async Task RunAsync(Lane lane)
    {
        SmtpSession? session = null;
        try
        {
            while (await NextAsync(lane, session is not null) is { } job)
            {
                TimeSpan waited = clock.GetElapsedTime(job.Submitted);
                Task<(TransactionResult Result, SmtpSession? Session)> work = DeliverAsync(lane, job.Transaction, session);
                await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // What it threw goes to whoever submitted it.
                if (work.IsCompletedSuccessfully)
                {
                    (TransactionResult result, session) = await work;
                    job.Done.SetResult(result with { Timing = result.Timing with { Waited = waited } });
                    continue;
                }
                await DisposeAsync(session);
                session = null;
                job.Fail(work);
            }
            if (session is not null)
            {
                await session.QuitAsync();
            }
        }
        finally
        {
            await DisposeAsync(session);
            Leave(lane);
        }
    }

    /// <summary>The next transaction, or null: this runner is not needed any more.</summary>
    private async Task<Job?> NextAsync(Lane lane, bool hasConnection)
    {
        Release(lane);
        lock (_gate)
        {
            if (lane.Waiting.TryDequeue(out Job? job))
            {
                return job;
            }
            if (!hasConnection || _starved.Count > 0 || _stop.IsCancellationRequested)
            {
                return null;
            }
            lane.Idle++;
        }
        using CancellationTokenSource idle = new(limits.IdleConnectionTime, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, _stop.Token);
        Task waiting = lane.Wake.WaitAsync(either.Token);
        await waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            if (!waiting.IsCompletedSuccessfully && !lane.Wake.Wait(0, CancellationToken.None))
            {
                lane.Idle--; // Nobody woke us: the time was up.
            }
            return lane.Waiting.TryDequeue(out Job? job) ? job : null;
        }
    }

    // A runner asks for work: where the lane is half empty, parked messages may come.
    private void Release(Lane lane)
    {
        List<(SpoolId Id, int Priority)> released = [];
        lock (_gate)
        {
            int room = (limits.WaitingPerDestinationMax + 1) / 2 - lane.Waiting.Count;
            while (released.Count < room && lane.Parked.TryDequeue(out (SpoolId Id, int Priority) message))
            {
                released.Add(message);
            }
        }
        released.ForEach(m => Released(m.Id, m.Priority));
    }

    private async Task<(TransactionResult Result, SmtpSession? Session)> DeliverAsync(Lane lane, Transaction transaction, SmtpSession? session)
    {
        if (session is not null)
        {
            TransactionResult? result = await SendAsync(session, transaction);
            if (result is not null)
            {
                return (result, await KeepAsync(session));
            }
            await session.DisposeAsync(); // The server had closed it meanwhile: no attempt was made yet.
        }
        if (lane.DeadReply is { } known && clock.GetUtcNow() < lane.DeadUntil)
        {
            return (All(transaction, known), null);
        }
        long dialled = clock.GetTimestamp();
        Connected connected = await connector.ConnectAsync(lane.Destination, _abort.Token);
        if (connected.Failure is { } failure)
        {
            lane.DeadReply = failure.IsPermanent ? null : failure;
            lane.DeadUntil = clock.GetUtcNow() + limits.DeadDestinationTime;
            return (All(transaction, failure) with { Timing = new DeliveryTiming(TimeSpan.Zero, clock.GetElapsedTime(dialled), TimeSpan.Zero) }, null);
        }
        lane.DeadReply = null;
        SmtpSession fresh = connected.Session!;
        TimeSpan connecting = clock.GetElapsedTime(dialled);
        TransactionResult sent = (await SendAsync(fresh, transaction))!;
        sent = sent with { Timing = sent.Timing with { Connecting = connecting } };
        return (sent, await KeepAsync(fresh));
    }

    /// <summary>Null: the connection was closed before the transaction began.</summary>
    private async Task<TransactionResult?> SendAsync(SmtpSession session, Transaction transaction)
    {
        long begun = clock.GetTimestamp();
        Task<IReadOnlyList<RecipientOutcome>> sending = session.SendAsync(transaction, _abort.Token);
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!sending.IsCompletedSuccessfully)
        {
            await session.DisposeAsync();
        }
        IReadOnlyList<RecipientOutcome> outcomes = await sending;
        return session.IsStale ? null : new TransactionResult(outcomes, session.Relay, session.Host)
        {
            Timing = new DeliveryTiming(TimeSpan.Zero, TimeSpan.Zero, clock.GetElapsedTime(begun)),
        };
    }

    private static async Task<SmtpSession?> KeepAsync(SmtpSession session)
    {
        if (session.IsUsable)
        {
            return session;
        }
        await session.DisposeAsync();
        return null;
    }

    private static TransactionResult All(Transaction transaction, SmtpReply reply)
    {
        RecipientStatus status = reply.IsPermanent ? RecipientStatus.Failed : RecipientStatus.Pending;
        return new TransactionResult([.. transaction.Recipients.Select(i => new RecipientOutcome(i, status, reply))], NoRelay, null);
    }

    private static ValueTask DisposeAsync(SmtpSession? session) => session?.DisposeAsync() ?? default;

    private void Leave(Lane lane)
    {
        Release(lane);
        lock (_gate)
        {
            lane.Runners--;
            _connections--;
            if (_stop.IsCancellationRequested)
            {
                return;
            }
            if (_starved.TryDequeue(out Lane? starved))
            {
                starved.IsStarved = false;
                Serve(starved);
            }
            if (lane.Waiting.Count > 0 && lane.Runners == 0)
            {
                Serve(lane);
            }
        }
    }

    private void ForgetQuietLanes()
    {
        if (_lanes.Count < limits.ActiveMessagesMax)
        {
            return;
        }
        DateTimeOffset now = clock.GetUtcNow();
        foreach (Lane lane in _lanes.Values.Where(l => l.Runners == 0 && l.Waiting.Count == 0 && l.Parked.Count == 0 && l.DeadUntil <= now).ToList())
        {
            _lanes.Remove(lane.Destination);
        }
    }

    private sealed class Job(Transaction transaction, long submitted)
    {
        public long Submitted { get; } = submitted;

        public Transaction Transaction { get; } = transaction;

        public TaskCompletionSource<TransactionResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

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
    }

    private sealed class Lane(Destination destination)
    {
        public Destination Destination { get; } = destination;

        public AgingQueue<Job> Waiting { get; } = new();

        public AgingQueue<(SpoolId Id, int Priority)> Parked { get; } = new();

        public SemaphoreSlim Wake { get; } = new(0);

        public int Runners { get; set; }

        public int Idle { get; set; }

        public bool IsStarved { get; set; }

        public SmtpReply? DeadReply { get; set; }

        public DateTimeOffset DeadUntil { get; set; }
    }
}
