using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>What an intake needs of the queue.</summary>
internal sealed record IntakeServices(
    ISpool Spool, Schedule Schedule, Action Wake, LocalDelivery Local, DeliveryLog Deliveries, HoldRules HoldRules, QueueOptions Options, TimeProvider Clock, ILogger Logger);

/// <summary>Where one recipient of an intake goes.</summary>
/// <param name="Path">The final address where that is known now: an alias's only member, or the recipient as it came.</param>
/// <param name="AccountName">Whose INBOX it is; null: none, or not only.</param>
/// <param name="Failure">Why it goes nowhere.</param>
internal readonly record struct IntakeTarget(MailPath Path, string? AccountName, SmtpReply? Failure)
{
    /// <summary>Other servers, aliases with several members, files, programs.</summary>
    public bool IsForWorker => AccountName is null && Failure is null;
}

/// <summary>
/// A message on its way in. All recipients with a mailbox each: straight into their mailboxes. Otherwise into the spool, all of them
/// together, so that there is one moment from which the message is ours.
/// </summary>
/// <remarks>A single local recipient's trace fields are written before the content as it flows; several get a copy each at the end.</remarks>
internal sealed class MailIntake : IMailIntake
{
    private static readonly SmtpReply TooBig = SmtpReplies.MessageTooBig;

    private readonly IntakeServices _services;
    private readonly Envelope _envelope;
    private readonly MailOrigin _origin;
    private readonly IntakeTarget[] _targets;
    private readonly HeaderScan _scan;
    private readonly HeaderAddressRewriter? _header;
    private readonly DateTimeOffset _arrived;
    private readonly SpoolId _id;
    private IStagedMessage? _staged;
    private int _traceOctets;
    private long _octets;
    private SmtpReply? _failure;
    private HoldRule? _holdRule;

    public MailIntake(IntakeServices services, SpoolId id, Envelope envelope, MailOrigin origin, IntakeTarget[] targets, IStagedMessage staged)
    {
        _services = services;
        _id = id;
        _envelope = envelope;
        _origin = origin;
        _targets = targets;
        _staged = staged;
        _scan = new HeaderScan(services.Options.Limits.DeliveredToMax);
        _header = MessageRewriting.IsOurs(origin) ? services.Options.Rewriting?.RewriteIncomingHeader() : null;
        _arrived = services.Clock.GetUtcNow();
    }

    /// <inheritdoc/>
    public string Id => _id.ToString();

    private ILogger Logger => _services.Logger;

    /// <summary>Before the first octet.</summary>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        if (_targets is [{ AccountName: not null }] && _envelope.Hold is null)
        {
            byte[] trace = LocalDelivery.TraceFields(_envelope.ReversePath, _targets[0].Path);
            _traceOctets = trace.Length;
            await StageAsync(trace, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        if (_failure is null && _header is { IsOver: false } header)
        {
            octets = await header.FeedAsync(octets, cancellationToken);
            await CheckAsync(header);
        }
        await TakeAsync(octets, cancellationToken);
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        if (_failure is not null || octets.IsEmpty)
        {
            return;
        }
        _octets += octets.Length; // What arrives counts, not what was declared.
        if (_octets > _services.Options.Limits.MessageOctetsMax)
        {
            await FailAsync(TooBig);
            return;
        }
        _scan.Feed(octets.Span);
        await StageAsync(octets, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<CommitOutcome> CommitAsync(CommitMode mode, CancellationToken cancellationToken)
    {
        await CompleteAsync(cancellationToken);
        if (_failure is { } failure)
        {
            Log.Refused(Logger, _id, failure, _envelope.ReversePath);
            return Same(failure);
        }
        // From here on nothing is cancelled: what is delivered cannot be taken back, so it is finished and answered.
        Log.Client(Logger, _id, _origin);
        Log.MessageId(Logger, _id, _scan.MessageId ?? "<>");
        _holdRule = _services.HoldRules.Find(_envelope, _origin);
        try
        {
            return (_holdRule is not null && _targets.Any(t => t.Failure is null)) || (mode == CommitMode.OneReply && (_targets.Any(t => t.IsForWorker) || IsHeld))
                ? await SpoolAllAsync(mode)
                : await DeliverAsync(mode);
        }
        catch (IOException e)
        {
            Log.SpoolFailed(Logger, _id, e);
            return Same(SmtpReplies.InsufficientStorage);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_staged is { } staged)
        {
            _staged = null;
            await staged.DisposeAsync();
        }
    }

    // Where nobody is left to get it later, that is said now.
    private bool IsHeld => _envelope.Hold is not null && _targets.Any(t => t.Failure is null);

    private CommitOutcome Same(SmtpReply reply) => new(reply, [.. Enumerable.Repeat(reply, _targets.Length)]);

    private async ValueTask StageAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        StoreResult<Done> written = await _staged!.WriteAsync(octets, cancellationToken);
        if (written.Error != StoreError.None)
        {
            await FailAsync(StageReply(written.Error));
        }
    }

    private async ValueTask CheckAsync(HeaderAddressRewriter header)
    {
        if (header.Error is { } error)
        {
            _services.Options.Rewriting!.Report(error);
            await FailAsync(SmtpReplies.TryAgainLater);
        }
    }

    private async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (_failure is null && _header is { IsOver: false } header)
        {
            ReadOnlyMemory<byte> rest = await header.FinishAsync(cancellationToken);
            await CheckAsync(header);
            await TakeAsync(rest, cancellationToken);
        }
        if (_failure is null && _scan.Hops > _services.Options.Limits.HopsMax)
        {
            await FailAsync(SmtpReplies.RoutingLoop); // RFC 5321 §6.3
        }
        if (_failure is null && (await _staged!.CompleteAsync(cancellationToken)).Error is var error and not StoreError.None)
        {
            await FailAsync(StageReply(error));
        }
    }

    // A message that found no room at all is not one mailbox's trouble: always temporary.
    private static SmtpReply StageReply(StoreError error) => error == StoreError.TooBig ? TooBig : SmtpReplies.InsufficientStorage;

    private async ValueTask FailAsync(SmtpReply reply)
    {
        _failure = reply;
        await DisposeAsync(); // The room is given back at once; what still comes is dropped.
    }

    private async Task<CommitOutcome> SpoolAllAsync(CommitMode mode)
    {
        SmtpReply[] replies = [.. _targets.Select(t => mode == CommitMode.ReplyPerRecipient && t.Failure is { } failure ? failure : Queued())]; // LMTP: who is refused hears it now.
        SpoolRecipient[] recipients = [.. _envelope.Recipients
            .Select((r, i) => _targets[i].Failure is { } failure ? Settled(r, failure) : new SpoolRecipient { Recipient = r })
            .Where((_, i) => replies[i].IsPositive)];
        await AddToSpoolAsync(recipients, static () => { });
        return new CommitOutcome(Queued(), replies);
    }

    private async Task<CommitOutcome> DeliverAsync(CommitMode mode)
    {
        Log.Active(Logger, _id, _envelope.ReversePath, _octets, _targets.Length);
        long begun = _services.Clock.GetTimestamp();
        SmtpReply[] replies = new SmtpReply[_targets.Length];
        for (int i = 0; i < _targets.Length; i++)
        {
            replies[i] = _targets[i] switch
            {
                { Failure: { } failure } => failure,
                { AccountName: { } account } => FirstOfSame(i) is var first && first < i ? replies[first] : await DeliverAsync(i, account),
                _ => Queued(), // Written below; only LMTP comes here with one.
            };
        }
        bool allForGood = replies.All(r => r.IsPermanent);
        bool anyForWorker = _targets.Any(t => t.IsForWorker);
        List<SpoolRecipient> left = [];
        for (int i = 0; i < replies.Length; i++)
        {
            EnvelopeRecipient recipient = replies[i].IsPositive || replies[i].IsPermanent ? FinalOf(i) : _envelope.Recipients[i];
            bool isTold = !replies[i].IsPositive && (mode == CommitMode.ReplyPerRecipient || allForGood);
            if (_targets[i].IsForWorker)
            {
                left.Add(new SpoolRecipient { Recipient = _envelope.Recipients[i] });
            }
            else if (!isTold && (!replies[i].IsPositive || (recipient.Notify & DsnNotify.Success) != 0))
            {
                left.Add(Settled(recipient, replies[i])); // Comes later, or its sender is to be told: the queue's task.
            }
            else if (anyForWorker && replies[i].IsPositive)
            {
                left.Add(Settled(recipient, replies[i]) with { Told = true }); // So that an alias among the others gives it no second copy.
            }
        }
        TimeSpan sending = _services.Clock.GetElapsedTime(begun);
        if (left.Count == 0)
        {
            LogReplies(replies, static _ => true, sending);
            Log.Removed(Logger, _id);
            return new CommitOutcome(Overall(mode, replies, allForGood), replies);
        }
        try
        {
            await AddToSpoolAsync(left, () => LogReplies(replies, static _ => true, sending));
        }
        catch (IOException)
        {
            LogReplies(replies, static r => r.IsPositive, sending); // These copies are where they belong all the same.
            throw;
        }
        return new CommitOutcome(Overall(mode, replies, allForGood), replies);
    }

    private SmtpReply Overall(CommitMode mode, SmtpReply[] replies, bool allForGood)
    {
        SmtpReply? taken = replies.FirstOrDefault(r => r.IsPositive);
        // Several recipients, several reasons: the first stands for all. RFC 5321 §4.2.5.
        return taken ?? (allForGood || mode == CommitMode.ReplyPerRecipient ? replies[0] : Queued());
    }

    private SmtpReply Queued() => new(250, new(2, 0, 0), $"ok: queued as {Id}");

    // Two names of one address get one copy.
    private int FirstOfSame(int index) => Array.FindIndex(_targets, t => t.AccountName == _targets[index].AccountName && Expansion.IsSame(t.Path, _targets[index].Path));

    private EnvelopeRecipient FinalOf(int index)
    {
        EnvelopeRecipient recipient = _envelope.Recipients[index];
        return Expansion.IsSame(recipient.Path, _targets[index].Path) ? recipient : recipient with
        {
            Path = _targets[index].Path,
            OriginalRecipient = recipient.OriginalRecipient ?? Expansion.OriginalOf(recipient.Path),
        };
    }

    private async Task<SmtpReply> DeliverAsync(int index, string accountName)
    {
        MailPath path = _targets[index].Path;
        if (_scan.WasDeliveredTo(path.ToString()))
        {
            return LocalDelivery.Loop;
        }
        SmtpReply reply;
        if (_traceOctets > 0)
        {
            reply = await _services.Local.AppendAsync(accountName, _staged!);
        }
        else
        {
            StoreResult<IMessageContent> opened = await _staged!.OpenAsync(CancellationToken.None);
            if (!opened.TryGet(out IMessageContent? content))
            {
                return StoreReplies.ToReply(opened.Error);
            }
            await using IMessageContent owned = content;
            reply = await _services.Local.DeliverAsync(_envelope.ReversePath, path, accountName, content, CancellationToken.None);
        }
        return reply.IsPositive ? new SmtpReply(250, new(2, 0, 0), $"ok: delivered, id {Id}") : reply;
    }

    private SpoolRecipient Settled(EnvelopeRecipient recipient, SmtpReply reply) => new()
    {
        Recipient = recipient,
        Status = reply.IsPositive ? RecipientStatus.Delivered : reply.IsPermanent ? RecipientStatus.Failed : RecipientStatus.Pending,
        LastReply = reply,
        LastAttempt = _services.Clock.GetUtcNow(),
    };

    /// <param name="recipients">Who is left.</param>
    /// <param name="written">Called when they are in the spool, and before anybody works on them.</param>
    private async Task AddToSpoolAsync(IReadOnlyList<SpoolRecipient> recipients, Action written)
    {
        // A recipient that was tried just now waits; one that was not, or has news for its sender, goes at once.
        bool isDeferred = recipients.All(r => r is { Status: RecipientStatus.Pending, LastReply: not null });
        DateTimeOffset next = isDeferred ? _arrived + _services.Options.Retry.DelayAfter(1) : _envelope.Hold?.At ?? _arrived;
        SpoolMessage message = new()
        {
            Id = _id,
            ReversePath = _envelope.ReversePath,
            Recipients = recipients,
            Arrived = _arrived,
            Octets = _octets,
            Origin = _origin,
            Body = _envelope.Body,
            SmtpUtf8 = _envelope.SmtpUtf8 || _header is { BringsUtf8: true },
            Return = _envelope.Return,
            EnvelopeId = _envelope.EnvelopeId,
            Traits = _scan.Traits,
            MessageId = _scan.MessageId,
            Attempts = isDeferred ? 1 : 0,
            NextAttempt = next,
            Hold = _envelope.Hold,
            DeliverBy = _envelope.DeliverBy,
            Priority = _envelope.Priority,
            RequiresTls = _envelope.RequiresTls,
            OnHold = _holdRule is null ? null : $"rule {_holdRule.Text}",
        };
        message = message with { NextAttempt = next = message.WakeBefore(next, _arrived) };
        StoreResult<IMessageContent> opened = await _staged!.OpenAsync(CancellationToken.None);
        if (!opened.TryGet(out IMessageContent? content))
        {
            throw new IOException($"the staged message cannot be read: {opened.Error}");
        }
        await using IMessageContent owned = content;
        await _services.Spool.AddAsync(message, new ContentFrom(content, _traceOctets), CancellationToken.None);
        written();
        if (message.OnHold is { } reason)
        {
            Log.Held(Logger, _id, reason);
            return; // In no schedule.
        }
        if (isDeferred || next > _arrived)
        {
            _services.Schedule.AddDeferred(_id, next, message.Priority);
        }
        else
        {
            _services.Schedule.AddNew(_id, message.Priority);
        }
        _services.Wake();
    }

    private void LogReplies(SmtpReply[] replies, Predicate<SmtpReply> which, TimeSpan sending)
    {
        for (int i = 0; i < replies.Length; i++)
        {
            if (_targets[i].IsForWorker || !which(replies[i]))
            {
                continue;
            }
            _services.Deliveries.Write(new DeliveryFacts
            {
                Time = _services.Clock.GetUtcNow(),
                Id = _id,
                MessageId = _scan.MessageId,
                From = _envelope.ReversePath,
                To = _targets[i].Path,
                OriginalTo = DeliveryFacts.Unless(_targets[i].Path, _envelope.Recipients[i].Path),
                Arrived = _arrived,
                Relay = "local",
                Timing = new DeliveryTiming(TimeSpan.Zero, TimeSpan.Zero, sending),
                Dsn = Replies.StatusOf(replies[i]),
                Status = replies[i].IsPositive ? "sent" : replies[i].IsPermanent ? "bounced" : "deferred",
                Reply = replies[i],
            });
        }
    }

    /// <summary>Content without its first octets: the trace fields of a delivery that did not come about.</summary>
    private sealed class ContentFrom(IMessageContent content, int start) : IMessageContent
    {
        public long Octets => content.Octets - start;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
            content.ReadAsync(offset + start, destination, cancellationToken);

        public ValueTask DisposeAsync() => default; // Stays its owner's.
    }
}
