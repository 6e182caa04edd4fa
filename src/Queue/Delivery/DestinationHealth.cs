using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>
/// How many connections a destination bears: few at first, one more with each transaction that ends well, one less with each conversation that
/// breaks. A destination that nobody reaches is dead for a time, which doubles with each probe in vain. Pure but for the time handed in; not thread-safe.
/// </summary>
internal sealed class DestinationHealth(QueueLimits limits)
{
    /// <summary>One message that a server chokes on says nothing of the server.</summary>
    private const int BreaksMin = 3;

    private readonly BackOff _backOff = new(limits.DeadDestinationTime, limits.DeadDestinationTimeMax);
    private double _brokenCohorts;
    private bool _isProbing;

    /// <summary>Connections at once.</summary>
    public int Window { get; private set; } = Math.Min(limits.InitialConcurrency, limits.ConnectionsPerDestinationMax);

    /// <summary>Mail has gone there, and it was not dead since.</summary>
    public bool IsProven { get; private set; }

    /// <summary>What everybody is told who comes before <see cref="DeadUntil"/>; null: it is not known to be dead.</summary>
    public SmtpReply? DeadReply { get; private set; }

    public DateTimeOffset DeadUntil { get; private set; }

    /// <summary>Nobody dials now. When the time is up, one connection is the probe.</summary>
    public bool IsDead(DateTimeOffset now) => DeadReply is not null && now < DeadUntil;

    /// <summary>Somebody is about to dial: where the destination was dead, as its probe.</summary>
    public void Dials() => _isProbing = DeadReply is not null;

    /// <summary>There is a session.</summary>
    public void Connected()
    {
        if (DeadReply is not null)
        {
            Revive();
        }
    }

    /// <summary>A transaction ended in step, whatever its replies were.</summary>
    public void Succeeded()
    {
        _backOff.Reset(); // Only now: a server may take connections and break each of them.
        _brokenCohorts = 0;
        IsProven = true;
        Window = Math.Min(Window + 1, limits.ConnectionsPerDestinationMax);
    }

    /// <summary>No further session beside so many: it has enough of us.</summary>
    public void Refused(int live) => Window = Math.Clamp(live, 1, Window);

    /// <summary>A conversation ended in the middle. Where all that are allowed at once do so, and none ends well between them, the destination is dead.</summary>
    public void Broke(SmtpReply reply, DateTimeOffset now)
    {
        bool saidSo = reply.Code == 421; // The server is there, and goes: RFC 5321 §3.8.
        _brokenCohorts += saidSo ? 0 : 1.0 / Math.Max(Window, BreaksMin);
        Window = Math.Max(1, Window - 1);
        if (_brokenCohorts >= 1)
        {
            Died(reply, now);
        }
    }

    /// <summary>Nobody is there: no session, and no other one either.</summary>
    public void Died(SmtpReply reply, DateTimeOffset now)
    {
        _brokenCohorts = 0;
        IsProven = false;
        Window = 1;
        if (!IsDead(now))
        {
            // Those that were under way when it died tell nothing new.
            DeadUntil = now + _backOff.Next();
        }
        DeadReply = reply;
        _isProbing = false;
    }

    /// <summary>An administrator wants to know: whatever was remembered counts nothing.</summary>
    public void Revive()
    {
        DeadReply = null;
        DeadUntil = default;
        _isProbing = false;
        Window = Math.Max(Window, Math.Min(limits.InitialConcurrency, limits.ConnectionsPerDestinationMax));
    }

    /// <summary>Whether one more connection may be opened beside so many.</summary>
    public bool AllowsAnother(int connections) => connections < (_isProbing || DeadReply is not null ? 1 : Window);
}
