using System.Text;
using MailAccess.Smtp;
using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>Tells senders what became of their mail, by messages that go through the queue like any other.</summary>
internal sealed class Notifier(ISpool spool, Schedule schedule, SpoolIdSource ids, QueueOptions options, TimeProvider clock, ILogger logger)
{
    /// <summary>Returns when the report is in the spool. A crash between this and the caller's record tells twice.</summary>
    public async Task NotifyAsync(SpoolMessage message, Notification notification)
    {
        byte[] content = Encoding.UTF8.GetBytes($"Subject: {notification.Kind}\r\n\r\nbody\r\n");
        SpoolId id = await AddAsync(message.ReversePath, content, SpoolPurpose.Notification);
        Log.Notified(logger, message.Id, notification.Kind, id);
    }

    /// <summary>The last stop of what can neither be delivered nor returned.</summary>
    public async Task CopyToPostmasterAsync(SpoolMessage message, IReadOnlyList<int> recipients)
    {
        if (!options.CopyDoubleBounces || options.PostmasterAccount is null || message.Purpose == SpoolPurpose.PostmasterCopy
            || !MailPath.TryCreate("postmaster", "", out MailPath? postmaster))
        {
            return;
        }
        byte[] content = Encoding.UTF8.GetBytes($"Subject: {recipients.Count}\r\n\r\nbody\r\n");
        SpoolId id = await AddAsync(postmaster, content, SpoolPurpose.PostmasterCopy);
        Log.Notified(logger, message.Id, NotificationKind.Failure, id);
    }

    private async Task<SpoolId> AddAsync(MailPath recipient, byte[] content, SpoolPurpose purpose)
    {
        SpoolId id = ids.Next();
        DateTimeOffset now = clock.GetUtcNow();
        HeaderScan scan = new(options.Limits.DeliveredToMax);
        scan.Feed(content);
        SpoolMessage report = new()
        {
            Id = id,
            ReversePath = MailPath.Null, // RFC 3461 §6.1, so that it is never answered.
            Recipients = [new SpoolRecipient { Recipient = new EnvelopeRecipient { Path = recipient, Notify = DsnNotify.Never } }],
            Arrived = now,
            NextAttempt = now,
            Octets = content.Length,
            Origin = new MailOrigin { Protocol = "local" },
            Traits = scan.Traits,
            SmtpUtf8 = (scan.Traits & ContentTraits.HeaderUtf8) != 0,
            Purpose = purpose,
        };
        await spool.AddAsync(report, new BytesContent(content), CancellationToken.None);
        schedule.AddNew(id);
        return id;
    }

    private sealed class BytesContent(byte[] octets) : IMessageContent
    {
        public long Octets => octets.Length;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
        {
            int length = (int)Math.Min(destination.Length, octets.Length - offset);
            octets.AsMemory((int)offset, length).CopyTo(destination);
            return new(length);
        }

        public ValueTask DisposeAsync() => default;
    }
}
