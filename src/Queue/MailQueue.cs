using System.Runtime.CompilerServices;
using MailAccess.Dns;
using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>
/// The mail transfer agent: takes responsibility for mail, delivers it here or elsewhere, tries again, and tells the sender what came of it.
/// </summary>
/// <remarks>Thread-safe. Between construction and <see cref="StartAsync"/>, and after <see cref="StopAsync"/>, it takes no mail (451).</remarks>
public sealed class MailQueue : IMailSink, IAsyncDisposable
{
    private static readonly SmtpReply NotRunning = new(451, new(4, 3, 2), "the mail system is not taking messages now");

    private readonly QueueOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly IMailStore _store;
    private readonly IMailRouter _router;
    private readonly LocalDelivery _local;
    private readonly IoThreads? _threads;
    private readonly SpoolFolder? _folder;
    private readonly ISpool _spool;
    private readonly SpoolIdSource _ids;
    private readonly Schedule _schedule;
    private readonly RemoteQueue _remote;
    private readonly MessageWorker _worker;
    private readonly Dispatcher _dispatcher;
    private readonly IntakeServices _intake;
    private volatile bool _isRunning;

    /// <summary>Opens the spool's folder; everything else waits for <see cref="StartAsync"/>. Throws <see cref="IOException"/> where the folder cannot be used.</summary>
    public MailQueue(
        QueueOptions options, IMailStore store, IMailRouter router, IResolver resolver, TimeProvider clock, ILogger<MailQueue> logger)
        : this(options, store, router, resolver, clock, logger, spool: null)
    {
    }

    internal MailQueue(
        QueueOptions options, IMailStore store, IMailRouter router, IResolver resolver, TimeProvider clock, ILogger<MailQueue> logger, ISpool? spool)
    {
        _options = options;
        _store = store;
        _clock = clock;
        _logger = logger;
        if (spool is null)
        {
            _folder = new SpoolFolder(options.SpoolFolder);
            _threads = new IoThreads(options.Limits.IoThreads);
        }
        _spool = spool ?? new JournalSpool(
            _folder!, new FileSpool(_folder!, _threads!, options.Limits.RemovalPause, clock, logger), _threads!, options.Limits, logger);
        _ids = new SpoolIdSource(clock);
        _schedule = new Schedule(clock);
        _router = router;
        _local = new LocalDelivery(store, options);
        HostResolver hosts = new(options, resolver, Random.Shared);
        DeadHosts deadHosts = new(options.Limits, clock);
        HostDialer dialer = new(deadHosts, options.Limits, clock);
        _remote = new RemoteQueue(new RemoteConnector(hosts, dialer, options, clock), deadHosts, options.Limits, clock);
        Notifier notifier = new(_spool, _schedule, _ids, options, clock, logger);
        _worker = new MessageWorker(_spool, _schedule, router, _local, _remote, notifier, options, clock, logger);
        _dispatcher = new Dispatcher(_schedule, _worker, options.Limits, clock, logger);
        _remote.Released = Release;
        _intake = new IntakeServices(_spool, _schedule, _dispatcher.Wake, _local, options, clock, logger);
    }

    /// <inheritdoc/>
    public long MessageOctetsMax => _options.Limits.MessageOctetsMax;

    /// <summary>Messages waiting for their time; those being worked on are not among them.</summary>
    public int WaitingCount => _schedule.Count;

    /// <summary>Reads the schedule from the spool, sweeps what was never promised, and begins to deliver.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        int count = 0;
        await _spool.LoadAsync(Add, cancellationToken);
        Log.Started(_logger, count);
        _isRunning = true;
        _dispatcher.Start();

        void Add(SpoolEntry entry)
        {
            count++;
            _ids.SkipTo(entry.Id);
            if (entry.Attempts == 0)
            {
                _schedule.AddNew(entry.Id, entry.Priority);
            }
            else
            {
                _schedule.AddDeferred(entry.Id, entry.NextAttempt, entry.Priority);
            }
        }
    }

    /// <summary>Takes and begins nothing more; what runs may finish within the grace period and is cut then. Nothing is lost: the spool has it.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        if (!_isRunning)
        {
            return;
        }
        using CancellationTokenSource done = new();
        Task graceOver = Task.Delay(grace, _clock, done.Token);
        _isRunning = false;
        await _dispatcher.StopAsync();
        await _remote.StopAsync(graceOver);
        await done.CancelAsync();
        await _dispatcher.WhenIdleAsync();
        Log.Stopped(_logger);
    }

    /// <inheritdoc/>
    public async ValueTask<RecipientVerdict> VerifyRecipientAsync(MailPath recipient, CancellationToken cancellationToken)
    {
        Resolution resolution = await _router.ResolveAsync(new RoutingRequest { Recipient = recipient, ReversePath = MailPath.Null }, cancellationToken);
        switch (resolution.Recipients)
        {
            case [{ Target: Target.Mailbox mailbox }]:
                return new RecipientVerdict(!await _local.IsFullAsync(mailbox.AccountName, cancellationToken) ? RecipientKind.Local
                    : _options.FullMailboxIsPermanent ? RecipientKind.FullForGood : RecipientKind.Full);
            case [{ Target: Target.Failure failure }] when await _router.AcceptsDomainAsync(recipient, cancellationToken):
                return new RecipientVerdict(failure.Reply.IsPermanent ? RecipientKind.Unknown : RecipientKind.Temporary);
            default:
                return new RecipientVerdict(await _router.AcceptsDomainAsync(recipient, cancellationToken) ? RecipientKind.Local : RecipientKind.Remote);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IntakeStart> BeginAsync(Envelope envelope, MailOrigin origin, CancellationToken cancellationToken)
    {
        if (!_isRunning)
        {
            return new IntakeStart(null, NotRunning);
        }
        IntakeTarget[] targets = new IntakeTarget[envelope.Recipients.Count];
        for (int i = 0; i < targets.Length; i++)
        {
            targets[i] = await TargetAsync(envelope.Recipients[i].Path, envelope.ReversePath, cancellationToken);
        }
        StoreResult<IStagedMessage> stage = await _store.StageAsync(0, cancellationToken);
        if (!stage.TryGet(out IStagedMessage? staged))
        {
            return new IntakeStart(null, SmtpReplies.InsufficientStorage);
        }
        MailIntake intake = new(_intake, _ids.Next(), envelope, origin, targets, staged);
        await intake.StartAsync(cancellationToken);
        return new IntakeStart(intake, null);
    }

    /// <summary>All messages in the spool, oldest first, as of now.</summary>
    public async IAsyncEnumerable<QueueEntry> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (SpoolId id in await _spool.ListAsync(cancellationToken))
        {
            if (await _spool.ReadAsync(id, cancellationToken) is { } message)
            {
                yield return QueueEntry.Of(message);
            }
        }
    }

    /// <summary>Everything that waits is tried now, also where nobody answered of late.</summary>
    public void Flush()
    {
        _remote.Revive();
        _schedule.Flush();
        _dispatcher.Wake();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        await _dispatcher.DisposeAsync();
        _remote.Dispose();
        _worker.Dispose();
        await _spool.DisposeAsync();
        _threads?.Dispose();
        _folder?.Dispose();
    }

    private void Release(SpoolId id, int priority)
    {
        _schedule.AddNew(id, priority);
        _dispatcher.Wake();
    }

    private async ValueTask<IntakeTarget> TargetAsync(MailPath recipient, MailPath reversePath, CancellationToken cancellationToken)
    {
        Resolution resolution = await _router.ResolveAsync(new RoutingRequest { Recipient = recipient, ReversePath = reversePath }, cancellationToken);
        return resolution.Recipients switch
        {
            [{ Target: Target.Mailbox mailbox }] => new IntakeTarget(mailbox.AccountName, null),
            [{ Target: Target.Failure failure }] when await _router.AcceptsDomainAsync(recipient, cancellationToken) => new IntakeTarget(null, failure.Reply),
            _ => default, // The worker finds out.
        };
    }
}
