using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>
/// Transactions waiting for their destinations. Each destination has a few runners, as many as its health allows; a runner owns one connection
/// and sends one transaction after the other over it, waits a moment for more, and says goodbye.
/// </summary>
/// <remarks>
/// All state is guarded by one lock, which is never held while waiting. A transaction that was submitted always completes:
/// with outcomes, or cancelled by shutdown. A destination that cannot be reached answers for all that wait, for a time.
/// The slow ones, though there be dozens, leave room for the others (<see cref="DestinationShares"/>).
/// </remarks>
internal sealed class RemoteQueue(RemoteConnector connector, DeadHosts deadHosts, Predicate<SpoolId> isGone, QueueLimits limits, TimeProvider clock) : IDisposable
{
    /// <summary>Transactions after which a runner makes room for a destination that has none.</summary>
    private const int TurnTransactions = 20;

    private readonly Lock _gate = new();
    private readonly Queue<DestinationLane> _starved = [];
    private readonly HashSet<Task> _runners = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly DestinationShares _shares = new(limits, isGone);

    /// <summary>Called, under no lock, with each message that was parked and its priority, when its destination has room again.</summary>
    public Action<SpoolId, int> Released { get; set; } = static (_, _) => { };

    /// <summary>Too many wait already for this destination. Else a place is kept until <see cref="Withdraw"/>, so that those who ask at once do not all get the last one.</summary>
    public bool IsCrowded(Destination destination, SpoolId id)
    {
        lock (_gate)
        {
            return !_shares.TryPlan(_shares.LaneOf(destination, clock.GetUtcNow()), id);
        }
    }

    /// <summary>The message has come, or will not.</summary>
    public void Withdraw(SpoolId id)
    {
        IReadOnlyList<DestinationLane> lanes;
        lock (_gate)
        {
            lanes = _shares.Withdraw(id);
        }
        foreach (DestinationLane lane in lanes)
        {
            Release(lane); // Somebody may have been parked because of the place that was kept.
        }
    }

    /// <summary>Remembers the message until the destination has room. False: it has room now.</summary>
    public bool TryPark(Destination destination, SpoolId id, int priority)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested || _shares.Find(destination) is not { } lane || !_shares.IsCrowded(lane))
            {
                return false;
            }
            lane.Parked.Enqueue((id, priority), priority, clock.GetUtcNow());
            return true;
        }
    }

    public Task<TransactionResult> SubmitAsync(Destination destination, Transaction transaction)
    {
        DeliveryJob job = new(transaction, clock);
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                return Task.FromCanceled<TransactionResult>(_stop.Token);
            }
            DestinationLane lane = _shares.LaneOf(destination, clock.GetUtcNow());
            _shares.Take(lane);
            lane.Enqueue(job);
            Serve(lane);
        }
        return job.Done.Task;
    }

    /// <summary>What was found to be dead is dialled again.</summary>
    public void Revive()
    {
        lock (_gate)
        {
            _shares.Revive();
        }
        deadHosts.Clear();
    }

    /// <summary>First phase: running transactions finish, waiting ones are given back. Then: cut.</summary>
    public async Task StopAsync(Task grace)
    {
        Task[] runners;
        await _stop.CancelAsync();
        lock (_gate)
        {
            foreach (DestinationLane lane in _shares.Lanes)
            {
                while (lane.TryTake(out DeliveryJob? job))
                {
                    Cancel(lane, job);
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
    private void Serve(DestinationLane lane)
    {
        if (lane.Idle > 0)
        {
            lane.WakeIdle(1);
        }
        else if (_shares.MayConnect(lane))
        {
            StartRunner(lane);
        }
        else if (lane.Runners == 0 && !lane.IsStarved)
        {
            lane.IsStarved = true;
            _starved.Enqueue(lane);
            foreach (DestinationLane other in _shares.Lanes)
            {
                other.WakeIdle(other.Idle); // Connections that only wait make room.
            }
        }
    }

    private void StartRunner(DestinationLane lane)
    {
        _shares.Connect(lane);
        Task run = Task.Run(() => RunAsync(new DestinationRunner(lane)));
        _runners.Add(run);
        run.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        void Ended(Task ended)
        {
            lock (_gate)
            {
                _runners.Remove(ended);
            }
        }
    }

    private async Task RunAsync(DestinationRunner runner)
    {
        try
        {
            Action end = static () => { };
            while (await NextAsync(runner, end) is { } job)
            {
                Task<TransactionResult?> work = DeliverAsync(runner, job);
                await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // What it threw goes to whoever submitted it.
                if (!work.IsCompletedSuccessfully)
                {
                    await CloseAsync(runner);
                    Give(runner.Lane);
                    end = () => job.Fail(work);
                    continue;
                }
                if (await work is not { } result)
                {
                    break; // It went back to the others: one connection less is what the server wants.
                }
                Give(runner.Lane);
                end = () => job.Complete(result);
            }
            await (runner.Session?.QuitAsync() ?? Task.CompletedTask);
        }
        finally
        {
            await CloseAsync(runner);
            Leave(runner.Lane);
        }
    }

    /// <summary>The next transaction, or null: this runner is not needed any more.</summary>
    /// <param name="runner">Whose.</param>
    /// <param name="end">Ends the one before. Whoever hears of that and sends more at once finds this connection waiting, and opens no other.</param>
    private async Task<DeliveryJob?> NextAsync(DestinationRunner runner, Action end)
    {
        DestinationLane lane = runner.Lane;
        try
        {
            Release(lane);
            lock (_gate)
            {
                bool others = lane.Runners > 1;
                if ((others && !lane.Health.AllowsAnother(lane.Runners - 1)) || (_starved.Count > 0 && (others || runner.Served >= TurnTransactions)))
                {
                    return null; // More than the destination bears, or than is its share.
                }
                if (lane.TryTake(out DeliveryJob? next))
                {
                    runner.Served++;
                    return next;
                }
                if (runner.Session is null || _starved.Count > 0 || _stop.IsCancellationRequested)
                {
                    return null;
                }
                lane.Idle++;
            }
        }
        finally
        {
            end();
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
            runner.Served++;
            return lane.TryTake(out DeliveryJob? job) ? job : null;
        }
    }

    private void Release(DestinationLane lane)
    {
        List<(SpoolId Id, int Priority)> released;
        lock (_gate)
        {
            released = _shares.Unpark(lane);
        }
        released.ForEach(m => Released(m.Id, m.Priority));
    }

    /// <summary>Null: the transaction went back into the queue.</summary>
    private async Task<TransactionResult?> DeliverAsync(DestinationRunner runner, DeliveryJob job)
    {
        if (runner.Session is not null && await SendAsync(runner, job.Transaction) is { } result)
        {
            return result; // Else the server had closed it meanwhile: no attempt was made yet.
        }
        lock (_gate)
        {
            if (runner.Lane.Health.IsDead(clock.GetUtcNow()))
            {
                return TransactionResult.ForAll(job.Transaction, runner.Lane.Health.DeadReply!);
            }
            runner.Lane.Health.Dials();
            runner.Lane.Dialling++;
        }
        Connected connected = default;
        try
        {
            connected = await job.TimeAsync(connector.ConnectAsync(runner.Lane.Destination, _abort.Token));
        }
        finally
        {
            lock (_gate)
            {
                // In one step: whoever is refused at the same time must not find that nobody has or gets a session.
                runner.Lane.Dialling--;
                if (connected.Session is { } session)
                {
                    runner.Begin(session);
                }
            }
        }
        if (connected.Failure is { } failure)
        {
            return Refused(runner.Lane, job, failure) ? null : TransactionResult.ForAll(job.Transaction, failure);
        }
        return await SendAsync(runner, job.Transaction);
    }

    /// <summary>True: others have sessions, or may get one, and will take the transaction.</summary>
    private bool Refused(DestinationLane lane, DeliveryJob job, SmtpReply failure)
    {
        lock (_gate)
        {
            if (failure.IsPermanent)
            {
                lane.Health.Connected(); // An answer, though not a pleasant one.
                return false;
            }
            if (lane.Live + lane.Dialling == 0)
            {
                lane.Health.Died(failure, clock.GetUtcNow());
                return false;
            }
            lane.Health.Refused(lane.Live);
            if (_stop.IsCancellationRequested)
            {
                Cancel(lane, job);
                return true;
            }
            lane.Enqueue(job);
            lane.WakeIdle(Math.Min(lane.Idle, 1));
        }
        return true;
    }

    /// <summary>Null: the connection was closed before the transaction began.</summary>
    private async Task<TransactionResult?> SendAsync(DestinationRunner runner, Transaction transaction)
    {
        SmtpSession session = runner.Session!;
        IReadOnlyList<RecipientOutcome> outcomes = await session.SendAsync(transaction, _abort.Token);
        if (!session.IsUsable)
        {
            await CloseAsync(runner);
        }
        if (session.IsStale)
        {
            return null;
        }
        lock (_gate)
        {
            if (session.Failure is { } failure)
            {
                runner.Lane.Health.Broke(failure, clock.GetUtcNow());
            }
            else
            {
                runner.Lane.Health.Succeeded();
                if (runner.Lane.Waiting.Count > 0)
                {
                    Serve(runner.Lane); // It may bear one more now.
                }
            }
        }
        return new TransactionResult(outcomes, session.Relay, session.Host);
    }

    private async Task CloseAsync(DestinationRunner runner)
    {
        if (runner.Session is { } session)
        {
            lock (_gate)
            {
                runner.Session = null;
                runner.Lane.Live--;
            }
            await session.DisposeAsync();
        }
    }

    private void Give(DestinationLane lane)
    {
        lock (_gate)
        {
            _shares.Give(lane);
        }
    }

    private void Cancel(DestinationLane lane, DeliveryJob job)
    {
        Give(lane);
        job.Done.TrySetCanceled(_stop.Token);
    }

    private void Leave(DestinationLane lane)
    {
        Release(lane);
        lock (_gate)
        {
            _shares.Disconnect(lane);
            if (_stop.IsCancellationRequested)
            {
                return;
            }
            if (_starved.TryDequeue(out DestinationLane? starved))
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
}
