using System.Reflection;
using MailAccess.Message;
using MailAccess.Store;
using MailAccess.Testing;

namespace MailAccess.Imap.Tests;

/// <summary>How long an operation of a mailbox takes.</summary>
/// <param name="Operation">Its name.</param>
/// <param name="Waits">How often somebody who waits for it loses patience before it ends; 0: it ends at once, and so much time has passed.</param>
/// <param name="Takes">Each time.</param>
internal sealed record Slowness(string Operation, int Waits, TimeSpan Takes);

/// <summary>A mailbox some of whose operations take their time, by the clock of the test.</summary>
public class SlowMailbox : DispatchProxy
{
    private static readonly MethodInfo Slower = typeof(SlowMailbox).GetMethod(nameof(SlowDownAsync), BindingFlags.NonPublic | BindingFlags.Instance)!;

    private IMailbox _inner = null!;
    private ManualTimeProvider _clock = null!;
    private IReadOnlyList<Slowness> _slow = [];

    internal static IMailbox Around(IMailbox inner, ManualTimeProvider clock, IReadOnlyList<Slowness> slow)
    {
        IMailbox mailbox = Create<IMailbox, SlowMailbox>();
        SlowMailbox self = (SlowMailbox)mailbox;
        (self._inner, self._clock, self._slow) = (inner, clock, slow);
        return mailbox;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == nameof(IMailbox.TryGetSummary) && _slow.Any(s => s.Operation == nameof(IMailbox.TryGetSummary)))
        {
            args![1] = default(MessageSummary); // What is slow is not at hand.
            return false;
        }
        object?[] given = [.. (args ?? []).Select(a => a is SlowMailbox other ? other._inner : a)];
        object? result = targetMethod.Invoke(_inner, given);
        for (int i = 0; args is not null && i < args.Length; i++)
        {
            args[i] = targetMethod.GetParameters()[i].IsOut ? given[i] : args[i];
        }
        return _slow.FirstOrDefault(s => s.Operation == targetMethod.Name) is { } slowness
            ? Slower.MakeGenericMethod(targetMethod.ReturnType.GetGenericArguments()[0]).Invoke(this, [result, slowness])
            : result;
    }

    private async ValueTask<T> SlowDownAsync<T>(ValueTask<T> work, Slowness slowness)
    {
        for (int i = 0; i < slowness.Waits; i++)
        {
            await _clock.ArmedAsync(slowness.Takes);
            _clock.Advance(slowness.Takes);
        }
        if (slowness.Waits == 0)
        {
            _clock.Advance(slowness.Takes);
        }
        else
        {
            await _clock.ArmedAsync(slowness.Takes); // Whoever waits has heard of the last time.
        }
        return await work;
    }
}
