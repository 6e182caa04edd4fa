using MailAccess.Smtp;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Routing;

/// <summary>The routing pipeline: stages asked one after the other about an address, until one says where it goes or what it stands for.</summary>
public sealed class MailRouter : IMailRouter
{
    private readonly RoutingOptions _options;
    private readonly StageContext _context;
    private readonly IRoutingStage[] _stages;

    /// <summary>A router over these tables.</summary>
    public MailRouter(RoutingOptions options, ILocalDirectory directory, ILogger<MailRouter>? logger = null)
    {
        _options = options;
        _context = new StageContext(options, directory, new DomainClasses(options, directory), logger ?? NullLogger<MailRouter>.Instance);
        _stages = [.. Stages(options, _context)];
    }

    /// <inheritdoc/>
    public async ValueTask<Resolution> ResolveAsync(RoutingRequest request, CancellationToken cancellationToken)
    {
        // Any of the recipients of such an address may show that it is not for strangers: all are looked at.
        RoutingRun run = new(request with { IsForAcceptance = request.IsForAcceptance && !MayBeRoutedBySender(request.Recipient) });
        if (!AddressName.TryRead(request.Recipient, _options.RecipientDelimiter, out AddressName name))
        {
            return new Resolution([new RoutedRecipient { Path = request.Recipient, Target = new Target.Failure(RoutingReplies.BadDomain) }], []);
        }
        await RouteAsync(run, new RoutingNode { Path = request.Recipient, Name = name }, cancellationToken);
        // Nobody left: addresses that rewriting leads back to themselves, past what the stages see.
        SmtpReply? stop = run.Stopped ?? (run.Recipients.Count == 0 ? RoutingReplies.Loop : null);
        IReadOnlyList<RoutedRecipient> recipients = stop is { } stopped
            ? [new RoutedRecipient { Path = request.Recipient, Target = new Target.Failure(stopped) }] : run.Recipients;
        return new Resolution(recipients, (IReadOnlyList<RoutingStep>?)run.Steps ?? [])
        {
            IsOurs = run.IsOurs && !(MayBeRoutedBySender(request.Recipient) && recipients.Any(r => r.Target is Target.Relay or Target.Agent && MayBeRoutedBySender(r.Path))),
            IsUndecided = run.IsUndecided && recipients is [{ Target: Target.Failure { Reply.IsPermanent: false } }],
        };
    }

    /// <summary>
    /// A host that still knows percent signs and bangs would send it on to where its sender says, since it comes from us: not for strangers. Postfix:
    /// allow_untrusted_routing.
    /// </summary>
    private static bool MayBeRoutedBySender(MailPath path) => path.LocalPart.AsSpan().ContainsAny("%!@");

    /// <summary>The pipeline. A stage for which nothing is configured is not there.</summary>
    private static IEnumerable<IRoutingStage> Stages(RoutingOptions options, StageContext context)
    {
        MemberReader members = new(context);
        IEnumerable<(bool IsWanted, IRoutingStage Stage)> all =
        [
            // What the address is.
            (!options.DomainTable.IsEmpty, new DomainTableStage(context)),
            (true, new AcceptanceStage(context)),
            (!options.RecipientCanonical.IsEmpty, new CanonicalStage(context, options.RecipientCanonical)),
            (!options.Canonical.IsEmpty, new CanonicalStage(context, options.Canonical)),
            (options.IsNullClient, new NullClientStage(context)),
            (!options.VirtualAliases.IsEmpty, new VirtualAliasStage(context)),
            // Whose it is, and what goes another way whoever's it is.
            (true, new DomainStage(context)),
            (!options.Transports.IsEmpty, new TransportStage(context)),
            (!options.MailerTable.IsEmpty, new MailerTableStage(context)),
            // Ours.
            (!options.Aliases.IsEmpty, new AliasStage(context, members)),
            (options.MailHub is not null, new MailHubStage(context)),
            (true, new AccountStage(context, options.ReadsForwardFiles ? new ForwardFiles(options.Limits) : null, members)),
            (true, new UnknownUserStage(context)),
            // Others'.
            (options.Routes is not null, new RouteStage(context)),
            (true, new NoRelayStage(context)),
            (!options.DirectDomains.IsEmpty, new DirectStage(context)),
            (!options.SenderSmartHosts.IsEmpty, new SenderSmartHostStage(context)),
            (true, new LastStage(context)),
        ];
        return all.Where(s => s.IsWanted).Select(s => s.Stage);
    }

    private async ValueTask RouteAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        for (int i = node.FirstStage; i < _stages.Length; i++)
        {
            IRoutingStage stage = _stages[i];
            if (!Concerns(stage, node))
            {
                continue;
            }
            StageAnswer answer = await stage.AskAsync(run, node, cancellationToken);
            if (answer.Target is { } target)
            {
                run.Add(node, target);
                return;
            }
            if (answer.Members is { } members)
            {
                await ExpandAsync(run, node, i, members, cancellationToken);
                return;
            }
        }
        throw new System.Diagnostics.UnreachableException("the last stages answer always");
    }

    private static bool Concerns(IRoutingStage stage, RoutingNode node) => stage.Scope switch
    {
        StageScope.Machine => node.Class == DomainClass.Machine && !(node.IsFinal && stage is AliasStage),
        StageScope.Here => node.Class is DomainClass.Machine or DomainClass.Mailboxes,
        StageScope.Elsewhere => node.Class is DomainClass.Elsewhere or DomainClass.Relay,
        _ => !(node.IsFinal && stage is VirtualAliasStage),
    };

    private async ValueTask ExpandAsync(RoutingRun run, RoutingNode node, int stage, IReadOnlyList<RoutingMember> members, CancellationToken cancellationToken)
    {
        run.TryMeet(node.Key);
        foreach (RoutingMember member in members)
        {
            if (run.Stopped is not null || run.HasUnavailable || (run.Recipients.Count > 1 && run.IsForAcceptance))
            {
                return;
            }
            if (++run.Count > _options.Limits.ExpansionsMax || node.Depth >= _options.Limits.DepthMax)
            {
                run.Stopped = run.Count > _options.Limits.ExpansionsMax ? RoutingReplies.TooManyExpansions : RoutingReplies.TooDeep;
                Log.BadExpansion(_context.Logger, run.Request.Recipient.ToString(), run.Stopped.Text);
                run.Note(node, _stages[stage].Name, run.Stopped.Text);
                return;
            }
            if (member.Target is { } target)
            {
                run.Add(node, target);
                continue;
            }
            await FollowAsync(run, node, stage, member, cancellationToken);
        }
    }

    /// <summary>One address that another stands for.</summary>
    private async ValueTask FollowAsync(RoutingRun run, RoutingNode node, int stage, RoutingMember member, CancellationToken cancellationToken)
    {
        MailPath path = member.Path!;
        RoutingNode child = ChildOf(node, path, default, firstStage: 0, member);
        if (!AddressName.TryRead(path, _options.RecipientDelimiter, out AddressName name))
        {
            run.Add(child, new Target.Failure(RoutingReplies.BadDomain));
            return;
        }
        string key = RoutingNode.KeyOf(path, name);
        if (!member.IsFinal && key == node.Key)
        {
            // It stands for itself: not again for this table's entry, and for a user's .forward: the mailbox.
            await RouteAsync(run, ChildOf(node, path, name, stage + (node.ForwardOf is null ? 1 : 0), member), cancellationToken);
            return;
        }
        child = ChildOf(node, path, name, firstStage: 0, member);
        for (RoutingNode? above = node.Parent; above is not null && !member.IsFinal; above = above.Parent)
        {
            if (above.Key == key)
            {
                await LeadBackAsync(run, child, above, cancellationToken);
                return;
            }
        }
        if (run.TryMeet(member.IsFinal ? "\\" + key : key))
        {
            await RouteAsync(run, child, cancellationToken);
        }
        else
        {
            run.Note(child, "duplicates", "met before");
        }
    }

    private async ValueTask LeadBackAsync(RoutingRun run, RoutingNode node, RoutingNode above, CancellationToken cancellationToken)
    {
        if (above.ForwardOf is not null)
        {
            run.Note(node, ForwardFiles.StageName, "leads back to its user: the mailbox is meant");
            await RouteAsync(run, ChildOf(node, node.Path, node.Name, firstStage: 0, new RoutingMember(node.Path, null) { IsFinal = true }), cancellationToken);
            return;
        }
        List<string> chain = [];
        for (RoutingNode? step = node; step is not null; step = step == above ? null : step.Parent)
        {
            chain.Insert(0, step.Path.ToString());
        }
        string loop = string.Join(" -> ", chain);
        Log.Loop(_context.Logger, run.Request.Recipient.ToString(), loop);
        run.Note(node, "loop", loop);
        run.Add(node, new Target.Failure(RoutingReplies.Loop));
    }

    private static RoutingNode ChildOf(RoutingNode parent, MailPath path, AddressName name, int firstStage, RoutingMember member) => new()
    {
        Path = path,
        Name = name,
        Parent = parent,
        Depth = parent.Depth + 1,
        FirstStage = firstStage,
        Verdict = firstStage > 0 ? parent.Verdict : null,
        IsFinal = member.IsFinal,
        IsForUnknown = parent.IsForUnknown || member.IsForUnknown,
        ReversePath = parent.ReversePath,
        IsListMember = parent.IsListMember,
    };
}
