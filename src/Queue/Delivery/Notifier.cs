using System.Diagnostics;
using System.Security.Cryptography;
using MailAccess.Message;
using MailAccess.Smtp;
using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>Tells senders what became of their mail, by messages that go through the queue like any other.</summary>
internal sealed class Notifier(ISpool spool, Schedule schedule, SpoolIdSource ids, QueueOptions options, TimeProvider clock, ILogger logger)
{
    private static readonly MailPath Postmaster =
        MailPath.TryCreate("postmaster", "", out MailPath? path) ? path : throw new UnreachableException("RFC 5321 §4.1.1.3");

    /// <summary>Returns when the report is in the spool. A crash between this and the caller's record tells twice.</summary>
    public async Task NotifyAsync(SpoolMessage message, Notification notification)
    {
        SpoolId id = await ReportAsync(message, notification, notification.Owner ?? message.ReversePath, SpoolPurpose.Notification);
        string kind = Words(notification.Kind);
        Log.Notified(logger, message.Id, kind, id);
    }

    /// <summary>The last stop of what can neither be delivered nor returned.</summary>
    public async Task ReturnToPostmasterAsync(SpoolMessage message, IReadOnlyList<int> recipients)
    {
        if (options.NotifyPostmaster.HasFlag(PostmasterNotices.DoubleBounce) && message.Purpose != SpoolPurpose.PostmasterCopy)
        {
            SpoolId id = await ReportAsync(message, new Notification(NotificationKind.Failure, recipients), Postmaster, SpoolPurpose.PostmasterCopy);
            Log.Notified(logger, message.Id, "postmaster non-delivery", id);
        }
    }

    /// <summary>A copy of what a sender is told, where the postmaster wants to know.</summary>
    public async Task TellPostmasterAsync(SpoolMessage message, Notification notification)
    {
        PostmasterNotices wanted = notification.Kind switch
        {
            NotificationKind.Failure => PostmasterNotices.Bounce,
            NotificationKind.Delay => PostmasterNotices.Delay,
            _ => PostmasterNotices.None,
        };
        if ((options.NotifyPostmaster & wanted) != 0)
        {
            await ReportAsync(message, notification, Postmaster, SpoolPurpose.PostmasterCopy, isCopy: true);
        }
    }

    private async Task<SpoolId> ReportAsync(SpoolMessage message, Notification notification, MailPath to, SpoolPurpose purpose, bool isCopy = false)
    {
        SpoolId id = ids.Next();
        DsnComposer composer = new(Describe(message, notification, to, id, isCopy));
        MemoryStream report = new(); // Bounded: the part of the original that is returned is.
        await using (IMessageContent? original = await OpenOriginalAsync(message.Id))
        {
            await using ContentStream? stream = original is null ? null : new ContentStream(original);
            await composer.WriteAsync(stream, report, CancellationToken.None);
        }
        byte[] content = report.ToArray();
        HeaderScan scan = new(options.Limits.DeliveredToMax);
        scan.Feed(content);
        DateTimeOffset now = clock.GetUtcNow();
        await spool.AddAsync(
            new SpoolMessage
            {
                Id = id,
                ReversePath = MailPath.Null, // RFC 3464 §2: so that it is never answered.
                Recipients = [new SpoolRecipient { Recipient = new EnvelopeRecipient { Path = to, Notify = DsnNotify.Never } }],
                Arrived = now,
                NextAttempt = now,
                Octets = content.Length,
                Origin = new MailOrigin { Protocol = "local" },
                Traits = scan.Traits,
                SmtpUtf8 = composer.NeedsSmtpUtf8,
                Purpose = purpose,
                MessageId = scan.MessageId,
                Priority = message.Priority, // RFC 6710 §4.6
                RequiresTls = message.RequiresTls, // RFC 8689 §5
            },
            new BytesContent(content), CancellationToken.None);
        Log.MessageId(logger, id, scan.MessageId ?? "<>");
        schedule.AddNew(id, message.Priority);
        return id;
    }

    private static string Words(NotificationKind kind) => kind switch
    {
        NotificationKind.Failure => "sender non-delivery",
        NotificationKind.Delay => "sender delay",
        _ => "sender delivery status",
    };

    private async Task<IMessageContent?> OpenOriginalAsync(SpoolId id)
    {
        try
        {
            return await spool.OpenContentAsync(id, CancellationToken.None);
        }
        catch (FileNotFoundException)
        {
            return null; // The report is worth sending without it.
        }
    }

    private DsnReport Describe(SpoolMessage message, Notification notification, MailPath to, SpoolId id, bool isCopy) => new()
    {
        ReportingMta = options.HostName,
        To = to.Domain.Length == 0 ? $"{to}@{options.HostName}" : to.WithAsciiDomain().ToString(), // So that fewer need SMTPUTF8.
        MessageId = $"<{id}@{options.HostName}>",
        Date = clock.GetUtcNow(),
        BoundaryToken = id + RandomNumberGenerator.GetHexString(16, lowercase: true),
        CopiedFor = isCopy ? (notification.Owner ?? message.ReversePath).ToString() : null,
        OriginalEnvelopeId = notification.Owner is null ? message.EnvelopeId : null, // RFC 3461 §5.2.7.1 (b)
        ReceivedFromMta = message.Origin.HelloName,
        ArrivalDate = message.Arrived,
        DeliverByDate = message.DeliverBy?.At,
        FutureReleaseRequest = message.Hold?.Request,
        OriginalIsUtf8 = message.SmtpUtf8 && (message.Traits & ContentTraits.HeaderUtf8) != 0,
        Return = isCopy ? Message.DsnReturn.Header : ReturnOf(message, notification),
        Recipients = [.. notification.Recipients.Select(i => Describe(message, message.Recipients[i], notification.Kind))],
    };

    // RFC 3461 §4.3: RET speaks of failures only; everything else returns the header. RFC 8689 §5: and so does what must be protected.
    private Message.DsnReturn ReturnOf(SpoolMessage message, Notification notification)
    {
        bool wantsHeader = message.Return == Smtp.DsnReturn.Headers && notification.Owner is null; // A list's owner asked for nothing.
        return notification.Kind == NotificationKind.Failure && !message.RequiresTls && !wantsHeader && message.Octets <= options.Limits.ReturnedOctetsMax
            ? Message.DsnReturn.Full
            : Message.DsnReturn.Header;
    }

    private DsnRecipient Describe(SpoolMessage message, SpoolRecipient recipient, NotificationKind kind)
    {
        SmtpReply? reply = recipient.LastReply;
        bool isTheirs = recipient.RemoteHost is not null && reply?.Enhanced != Aftermath.DeliveryTimeExpired;
        return new DsnRecipient
        {
            OriginalRecipient = recipient.Recipient.OriginalRecipient,
            FinalRecipient = recipient.Recipient.Path.ToString(),
            Action = kind switch
            {
                NotificationKind.Failure => DsnAction.Failed,
                NotificationKind.Delay => DsnAction.Delayed,
                _ => recipient.Status switch
                {
                    RecipientStatus.Delivered or RecipientStatus.Distributed => DsnAction.Delivered,
                    RecipientStatus.Expanded => DsnAction.Expanded,
                    _ => DsnAction.Relayed,
                },
            },
            Status = kind == NotificationKind.Delay && message.DeliverBy is { Mode: DeliverByMode.Notify } ? "4.4.7" // RFC 2852 §4.1.3
                : reply is null ? "4.0.0" : Replies.StatusOf(reply).ToString(),
            RemoteMta = recipient.RemoteHost,
            RemoteReply = isTheirs ? reply?.ToString() : null,
            Reason = isTheirs ? null : reply?.Text,
            LastAttemptDate = recipient.LastAttempt,
            WillRetryUntil = kind == NotificationKind.Delay ? message.Released + options.Retry.GiveUpAfter : null,
        };
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
