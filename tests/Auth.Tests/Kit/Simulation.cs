using System.Collections.Concurrent;
using MailAccess.Testing;

namespace MailAccess.Auth.Tests.Kit;

/// <summary>
/// Runs what waits on a manual clock on one thread: first all that can go on does, then the clock moves a step. The same each time.
/// </summary>
internal sealed class Simulation : SynchronizationContext
{
    private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _ready = new();

    public static void Run(ManualTimeProvider clock, TimeSpan step, TimeSpan longest, Func<Task> story)
    {
        Simulation loop = new();
        SynchronizationContext? before = Current;
        SetSynchronizationContext(loop);
        try
        {
            DateTimeOffset end = clock.GetUtcNow() + longest;
            Task told = story();
            loop.Drain();
            while (!told.IsCompleted && clock.GetUtcNow() < end)
            {
                clock.Advance(step);
                loop.Drain();
            }
            Assert.True(told.IsCompleted, $"not done after {longest}");
            told.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public override void Post(SendOrPostCallback d, object? state) => _ready.Enqueue((d, state));

    private void Drain()
    {
        while (_ready.TryDequeue(out (SendOrPostCallback Callback, object? State) next))
        {
            next.Callback(next.State);
        }
    }
}
