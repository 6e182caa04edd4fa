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
    private readonly RemoteSecurity _security;
    private readonly RemoteQueue _remote;
    private readonly FinalDelivery _final;
    private readonly DeliveryAgents? _agents;
    private readonly MessageWorker _worker;
    private readonly Dispatcher _dispatcher;
    private readonly IntakeServices _intake;
    private readonly DeliveryHistory? _history;
    private volatile bool _isRunning;

    /// <summary>Opens the spool's folder; everything else waits for <see cref="StartAsync"/>. Throws <see cref="IOException"/> where the folder cannot be used.</summary>
    public MailQueue(
        QueueOptions options, IMailStore store, IMailRouter router, IResolver resolver, TimeProvider clock, ILogger<MailQueue> logger)
        : this(options, store, router, resolver, clock, logger, spool: null)
    {
    }

    internal MailQueue(
        QueueOptions options, IMailStore store, IMailRouter router, IResolver resolver, TimeProvider clock, ILogger<MailQueue> logger, ISpool? spool,
        IDeliveryAgents? agents = null)
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
        _security = new RemoteSecurity(options, resolver, SendReportAsync, clock, logger);
        _remote = new RemoteQueue(new RemoteConnector(hosts, dialer, _security, options, clock, logger), deadHosts, _schedule.IsForgotten, options.Limits, clock);
        Notifier notifier = new(_spool, _schedule, _ids, options, clock, logger);
        _history = options is { HistoryFolder: { } history, HistoryDays: > 0 } ? new DeliveryHistory(history, options.HistoryDays, options.HistoryOctetsMax, clock, logger) : null;
        DeliveryLog deliveries = new(_history, logger);
        _agents = agents is null ? new DeliveryAgents(options.Agents, clock, logger) : null;
        LocalLanes lanes = new(options, _schedule.IsForgotten, clock) { Released = Release };
        _final = new FinalDelivery(_spool, _local, agents ?? _agents!, lanes, options.Limits, clock);
        Planner planner = new(_spool, router, lanes, _remote, options, clock);
        _worker = new MessageWorker(_spool, _schedule, planner, _final, lanes, _remote, notifier, deliveries, options, clock, logger);
        _dispatcher = new Dispatcher(_schedule, _worker, options.Limits, clock, logger);
        _remote.Released = Release;
        Admin = new QueueAdmin(_spool, _schedule, _worker, deliveries, _dispatcher.Wake, _remote.Revive, clock, logger);
        _intake = new IntakeServices(_spool, _schedule, _dispatcher.Wake, _local, deliveries, new HoldRules(options.HoldRulesFile), options, clock, logger);
    }

    /// <inheritdoc/>
    public long MessageOctetsMax => _options.Limits.MessageOctetsMax;

    /// <summary>What administrators do with the messages in the queue.</summary>
    public QueueAdmin Admin { get; }

    /// <summary>Messages waiting for their time; those being worked on are not among them.</summary>
    public int WaitingCount => _schedule.Count;

    /// <summary>Messages that are being worked on, to the last line of the log.</summary>
    internal int ActiveCount => _schedule.OwnedCount;

    /// <summary>Reads the schedule from the spool, sweeps what was never promised, and begins to deliver.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        int count = 0;
        await _spool.LoadAsync(Add, cancellationToken);
        Log.Started(_logger, count);
        _isRunning = true;
        _dispatcher.Start();
        _security.Start();

        void Add(SpoolEntry entry)
        {
            count++;
            _ids.SkipTo(entry.Id);
            if (entry.IsOnHold)
            {
                return;
            }
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
        await _security.StopAsync();
        await _dispatcher.StopAsync();
        await _remote.StopAsync(graceOver);
        Task idle = _dispatcher.WhenIdleAsync();
        if (await Task.WhenAny(idle, graceOver) != idle)
        {
            await _final.AbortAsync();
        }
        await done.CancelAsync();
        await idle;
        Log.Stopped(_logger);
    }

    /// <inheritdoc/>
    public async ValueTask<RecipientVerdict> VerifyRecipientAsync(MailPath recipient, CancellationToken cancellationToken)
    {
        Resolution resolution = await _router.ResolveAsync(new RoutingRequest { Recipient = recipient, ReversePath = MailPath.Null, IsForAcceptance = true }, cancellationToken);
        if (resolution.IsUndecided)
        {
            return new RecipientVerdict(RecipientKind.Temporary, FailureOf(resolution)); // Neither taken nor "relaying denied".
        }
        if (!resolution.IsOurs)
        {
            return new RecipientVerdict(RecipientKind.Remote); // Also where a table gives the address to somebody here: whose domain it is decides.
        }
        return resolution.Recipients switch
        {
            [{ Target: Target.Mailbox mailbox }] => new RecipientVerdict(!await _local.IsFullAsync(mailbox.AccountName, cancellationToken) ? RecipientKind.Local
                : _options.FullMailboxIsPermanent ? RecipientKind.FullForGood : RecipientKind.Full),
            [{ Target: Target.Failure failure }] => new RecipientVerdict(failure.Reply.IsPermanent ? RecipientKind.Unknown : RecipientKind.Temporary, failure.Reply),
            _ => new RecipientVerdict(RecipientKind.Local),
        };
    }

    /// <inheritdoc/>
    public async ValueTask<IntakeStart> BeginAsync(Envelope envelope, MailOrigin origin, CancellationToken cancellationToken)
    {
        if (!_isRunning)
        {
            return new IntakeStart(null, NotRunning);
        }
        if (_options.Rewriting is { } rewriting && MessageRewriting.IsOurs(origin))
        {
            AddressRewriting sender = await rewriting.Incoming.RewriteAsync(envelope.ReversePath, AddressClasses.EnvelopeSender, null, cancellationToken);
            if (sender.Error is { } error)
            {
                rewriting.Report(error);
                return new IntakeStart(null, SmtpReplies.TryAgainLater);
            }
            envelope = envelope with { ReversePath = sender.Path };
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
    public IAsyncEnumerable<QueueEntry> ListAsync(CancellationToken cancellationToken) => Admin.ListAsync(QueueFilter.All, cancellationToken);

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
        _security.Dispose();
        _remote.Dispose();
        _final.Dispose();
        _agents?.Dispose();
        await _spool.DisposeAsync();
        _threads?.Dispose();
        if (_history is not null)
        {
            await _history.DisposeAsync();
        }
        _folder?.Dispose();
    }

    private async Task<bool> SendReportAsync(MailPath to, byte[] octets, CancellationToken cancellationToken)
    {
        Envelope envelope = new()
        {
            ReversePath = _options.TlsReportContact!,
            Recipients = [new EnvelopeRecipient { Path = to, Notify = DsnNotify.Never }],
        };
        IntakeStart start = await BeginAsync(envelope, new MailOrigin { Protocol = "local" }, cancellationToken);
        if (start.Intake is null)
        {
            return false;
        }
        await using IMailIntake intake = start.Intake;
        await intake.WriteAsync(octets, cancellationToken);
        return (await intake.CommitAsync(CommitMode.OneReply, cancellationToken)).Overall.IsPositive;
    }

    private void Release(SpoolId id, int priority)
    {
        _schedule.AddNew(id, priority);
        _dispatcher.Wake();
    }

    private async ValueTask<IntakeTarget> TargetAsync(MailPath recipient, MailPath reversePath, CancellationToken cancellationToken)
    {
        Resolution resolution = await _router.ResolveAsync(new RoutingRequest { Recipient = recipient, ReversePath = reversePath, IsForAcceptance = true }, cancellationToken);
        return resolution.Recipients switch
        {
            [{ Target: Target.Mailbox mailbox, ReversePath: null, IsListMember: false } only] => new IntakeTarget(only.Path, mailbox.AccountName, null),
            [{ Target: Target.Failure failure }] when resolution.IsOurs || resolution.IsUndecided => new IntakeTarget(recipient, null, failure.Reply),
            _ => new IntakeTarget(recipient, null, null), // The worker finds out.
        };
    }

    private static SmtpReply? FailureOf(Resolution resolution) => (resolution.Recipients is [{ Target: Target.Failure failure }] ? failure : null)?.Reply;
}
