using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>The one loop that owns the schedule: takes what is due, as many at once as allowed, and sleeps until woken or until the next is due.</summary>
internal sealed class Dispatcher : IAsyncDisposable
{
    /// <summary>By so much a message may be late.</summary>
    private static readonly TimeSpan LatenessMax = TimeSpan.FromMilliseconds(500);

    private readonly Schedule _schedule;
    private readonly MessageWorker _worker;
    private readonly QueueLimits _limits;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _active = [];
    private Task _loop = Task.CompletedTask;

    public Dispatcher(Schedule schedule, MessageWorker worker, QueueLimits limits, TimeProvider clock, ILogger logger)
    {
        _schedule = schedule;
        _worker = worker;
        _limits = limits;
        _clock = clock;
        _logger = logger;
        _timer = clock.CreateTimer(static state => ((Dispatcher)state!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Start() => _loop = RunAsync();

    /// <summary>Something may be due.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Takes nothing more.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _loop;
    }

    /// <summary>After <see cref="StopAsync"/>: when everything begun has ended.</summary>
    public Task WhenIdleAsync()
    {
        lock (_gate)
        {
            return Task.WhenAll(_active);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                if (TakeDue() is { } due)
                {
                    Arm(due);
                }
                await _wake.Reader.ReadAsync(_stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    // A timer counts from when it is set: where the clock has gone on meanwhile, it is set again.
    private void Arm(DateTimeOffset due)
    {
        DateTimeOffset now;
        do
        {
            now = _clock.GetUtcNow();
            if (due <= now)
            {
                Wake();
                return;
            }
            _timer.Change(due - now, Timeout.InfiniteTimeSpan);
        }
        while (_clock.GetUtcNow() - now > LatenessMax);
    }

    private DateTimeOffset? TakeDue()
    {
        while (!_stop.IsCancellationRequested)
        {
            lock (_gate)
            {
                if (_active.Count >= _limits.ActiveMessagesMax)
                {
                    return null; // The end of any of them wakes us.
                }
            }
            if (!_schedule.TryTake(out SpoolId id, out DateTimeOffset? next))
            {
                return next;
            }
            Start(id);
        }
        return null;
    }

    private void Start(SpoolId id)
    {
        Task work = Task.Run(() => WorkAsync(id));
        lock (_gate)
        {
            _active.Add(work);
        }
        work.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        void Ended(Task ended)
        {
            lock (_gate)
            {
                _active.Remove(ended);
            }
            _schedule.Return(id);
            Wake();
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "The worker's boundary: whatever one message does to us, the others go on, and it stays in the spool.")]
    private async Task WorkAsync(SpoolId id)
    {
        try
        {
            await _worker.WorkAsync(id, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Shutdown: the message lies in the spool with the time of its next attempt.
        }
        catch (Exception e)
        {
            _schedule.AddDeferred(id, _clock.GetUtcNow() + _limits.FaultDelay);
            Log.WorkerFailed(_logger, id, e); // Last: whoever reads it finds the message in the schedule.
        }
        finally
        {
            _worker.Leave(id);
        }
    }
}
