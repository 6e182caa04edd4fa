using MailAccess.Smtp;

namespace MailAccess.Submission;

/// <summary>When and how a message is to travel: what MAIL asked for, as far as this listener grants it.</summary>
internal sealed record DeliveryTerms
{
    /// <summary>It waits. RFC 4865.</summary>
    public FutureRelease? Hold { get; init; }

    /// <summary>It must not be late. RFC 2852.</summary>
    public DeliverBy? DeliverBy { get; init; }

    /// <summary>How soon it is sent among others. RFC 6710.</summary>
    public int Priority { get; init; }

    /// <summary>Reads MAIL's wishes against the limits. Null: <paramref name="refusal"/> says why not.</summary>
    public static DeliveryTerms? Decide(SubmissionSession session, MailRequest request, out SmtpReply? refusal)
    {
        refusal = null;
        DateTimeOffset now = session.Clock.GetUtcNow();
        FutureRelease? hold = null;
        if (request.Hold is { } asked)
        {
            DateTimeOffset release = asked.Until ?? now + asked.For!.Value;
            // RFC 4865 §4.2: no later than what was announced. A date that has passed is no future one.
            if (release <= now || (asked.For is { } interval ? interval > session.Limits.FutureReleaseMax : release > OfferedExtensions.LatestRelease(session)))
            {
                refusal = SmtpReplies.HoldOutOfRange;
                return null;
            }
            hold = new FutureRelease(release, asked.ToString());
        }
        DeliverBy? deadline = request.DeliverBy is { } by ? new DeliverBy(now.AddSeconds(by.Seconds), by.Mode, by.Trace) : null;
        if (hold?.At > deadline?.At)
        {
            refusal = SmtpReplies.HoldBeyondDeadline; // RFC 4865 §5.2.2
            return null;
        }
        // RFC 6710 §4.1: anybody may wait longer; only who logged in may go before others, as far as the administrator lets them.
        int priority = Math.Min(request.Priority ?? 0, session.Account is null ? 0 : session.Limits.PriorityMax);
        if (request.Priority is { } wish)
        {
            session.Log.PriorityAsked(session.Connection.Id, wish, priority);
        }
        return new DeliveryTerms { Hold = hold, DeliverBy = deadline, Priority = priority };
    }
}
