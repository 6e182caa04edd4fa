using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>Whether we take mail for the recipient's domain from anybody: told to who asked, decides nothing of the way.</summary>
internal sealed class AcceptanceStage(StageContext context) : IRoutingStage
{
    public string Name => DomainStage.StageName;

    public StageScope Scope => StageScope.Every;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        if (node.Parent is not null)
        {
            return StageAnswer.Next;
        }
        (DomainClass? found, StageAnswer failure) = await context.ClassifyAsync(run, node, cancellationToken);
        run.IsUndecided = found is null;
        run.IsOurs = found is not null and not DomainClass.Elsewhere;
        return failure;
    }
}

/// <summary>Whose the domain is: mydestination, virtual_alias_domains, relay_domains; class w, class R, relay by MX.</summary>
internal sealed class DomainStage(StageContext context) : IRoutingStage
{
    public const string StageName = "domain";

    public string Name => StageName;

    public StageScope Scope => StageScope.Every;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        (DomainClass? found, StageAnswer failure) = await context.ClassifyAsync(run, node, cancellationToken);
        if (found is not { } known)
        {
            return failure;
        }
        run.Note(node, Name, Describe(known), node.Verdict?.Place);
        // What has an alias never comes here.
        return known == DomainClass.VirtualAliases ? StageAnswer.End(SmtpReplies.UnknownRecipient) : StageAnswer.Next;
    }

    private static string Describe(DomainClass found) => found switch
    {
        DomainClass.Machine => "local",
        DomainClass.Mailboxes => "local, mailboxes only",
        DomainClass.VirtualAliases => "virtual aliases only, and this is none",
        DomainClass.Relay => "relayed to for everybody",
        _ => "not ours",
    };
}
