using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>Nothing is local: all mail to one host. Sendmail: FEATURE(nullclient).</summary>
internal sealed class NullClientStage(StageContext context) : IRoutingStage
{
    public string Name => "null client";

    public StageScope Scope => StageScope.Every;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        (NextHop? hub, string key) = context.Options.MailHub is { } own ? (own, "routing.mailHub") : (context.Options.SmartHost, "queue.smartHost");
        return hub is null
            ? context.Wrong(run, node, Name, new TablePlace("routing.nullClient", 0), "there is no hub")
            : await HopCredentials.EndAsync(context, run, node, Name, hub, HopKind.SmartHost, new TablePlace(key, 0), cancellationToken);
    }
}

/// <summary>Another host has the mail of this machine's users, but for some of them. Sendmail: MAIL_HUB and class L.</summary>
internal sealed class MailHubStage(StageContext context) : IRoutingStage
{
    private static readonly TablePlace Hub = new("routing.mailHub", 0);

    public string Name => "mail hub";

    public StageScope Scope => StageScope.Machine;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        if (node.IsFinal || node.Name.Domain.Length == 0)
        {
            return StageAnswer.Next;
        }
        TableHit hit = await context.Options.LocalUsers.FindAsync([AddressName.Write(node.Name.User)], cancellationToken);
        if (hit.IsFailed)
        {
            return context.Unavailable(run, node, Name, hit);
        }
        if (hit.IsFound)
        {
            run.Note(node, Name, "stays here", hit.Answer.Place);
            return StageAnswer.Next;
        }
        return await HopCredentials.EndAsync(context, run, node, Name, context.Options.MailHub!, HopKind.OfRecipient, Hub, cancellationToken);
    }
}
