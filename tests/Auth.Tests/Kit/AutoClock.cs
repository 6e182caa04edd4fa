using MailAccess.Testing;

namespace MailAccess.Auth.Tests.Kit;

/// <summary>A clock that lets every timer fall due at once, and notes how long it would have taken.</summary>
internal sealed class AutoClock : TimeProvider
{
    private readonly ManualTimeProvider _clock = new();
    private readonly List<TimeSpan> _delays = [];

    /// <summary>The timers set so far.</summary>
    public IReadOnlyList<TimeSpan> Delays
    {
        get
        {
            lock (_delays)
            {
                return [.. _delays];
            }
        }
    }

    public TimeSpan LastDelay => Delays is { Count: > 0 } all ? all[^1] : TimeSpan.Zero;

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override long GetTimestamp() => _clock.GetTimestamp();

    /// <summary>One at a time: two at once could set the clock back.</summary>
    public void Advance(TimeSpan by)
    {
        lock (_clock)
        {
            _clock.Advance(by);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_delays)
        {
            _delays.Add(dueTime);
        }
        ITimer timer = _clock.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero)
        {
            ThreadPool.QueueUserWorkItem(_ => Advance(dueTime));
        }
        return timer;
    }
}
