using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>Fixed hosts by domain: <c>queue.routes</c>.</summary>
internal sealed class RouteStage(StageContext context) : IRoutingStage
{
    private static readonly TablePlace Key = new("queue.routes", 0);

    public string Name => "routes";

    public StageScope Scope => StageScope.Elsewhere;

    public ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken) =>
        context.Options.Routes!(node.Name.Domain) is { } hop
            ? HopCredentials.EndAsync(context, run, node, Name, hop, HopKind.OfRecipient, Key, cancellationToken)
            : new ValueTask<StageAnswer>(StageAnswer.Next);
}

/// <summary>Whether mail leaves this machine at all.</summary>
internal sealed class NoRelayStage(StageContext context) : IRoutingStage
{
    private static readonly TablePlace Key = new("queue.relay", 0);

    public string Name => "relaying";

    public StageScope Scope => StageScope.Elsewhere;

    public ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        if (context.Options.RelaysOutside || node.Class == DomainClass.Relay)
        {
            return new ValueTask<StageAnswer>(StageAnswer.Next);
        }
        run.Note(node, Name, "not to other domains", Key);
        return new ValueTask<StageAnswer>(StageAnswer.End(RoutingReplies.NoRelay));
    }
}

/// <summary>Domains that go their own way in spite of a smart host.</summary>
internal sealed class DirectStage(StageContext context) : IRoutingStage
{
    public string Name => "direct";

    public StageScope Scope => StageScope.Elsewhere;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        TableHit hit = await context.Options.DirectDomains.FindAsync(DomainClasses.WithParents(node.Name.Domain), cancellationToken);
        return hit.IsFailed ? context.Unavailable(run, node, Name, hit)
            : !hit.IsFound ? StageAnswer.Next
            : await HopCredentials.EndAsync(context, run, node, Name, new NextHop { Domain = node.Name.Domain }, HopKind.OfRecipient, hit.Answer.Place, cancellationToken);
    }
}

/// <summary>Smart hosts by sender. Postfix: sender_dependent_relayhost_maps.</summary>
internal sealed class SenderSmartHostStage(StageContext context) : IRoutingStage
{
    public string Name => "smart host of the sender";

    public StageScope Scope => StageScope.Elsewhere;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        MailPath sender = run.Request.ReversePath;
        TableHit hit = await context.Options.SenderSmartHosts.FindAsync(Keys(sender), cancellationToken);
        if (hit.IsFailed)
        {
            return context.Unavailable(run, node, Name, hit);
        }
        if (!hit.IsFound || hit.Value.Equals("DUNNO", StringComparison.OrdinalIgnoreCase))
        {
            return StageAnswer.Next;
        }
        if (hit.Answer.IsFilledIn)
        {
            return context.Wrong(run, node, Name, hit.Answer.Place, StageContext.FilledInHop);
        }
        TransportValue value = TransportValue.ReadHops(hit.Value, HopProtocol.Smtp);
        return value.Hop is { } hop
            ? await HopCredentials.EndAsync(context, run, node, Name, hop, HopKind.SmartHost, hit.Answer.Place, cancellationToken)
            : context.Wrong(run, node, Name, hit.Answer.Place, value.Text);
    }

    private List<LookUpKey> Keys(MailPath sender)
    {
        if (sender.IsNull || !AddressName.TryRead(sender, context.Options.RecipientDelimiter, out AddressName name))
        {
            return ["<>"]; // empty_address_relayhost_maps_lookup_key
        }
        List<LookUpKey> keys = [LookUpKey.OfAddress(AddressName.Write(sender.LocalPart), name.Domain)];
        if (name.Detail is not null)
        {
            keys.Add(LookUpKey.OfAddress(AddressName.Write(name.User), name.Domain));
        }
        keys.Add(LookUpKey.OfAddress("", name.Domain));
        return keys;
    }
}

/// <summary>What no table says otherwise of: the smart host, or the domain's mail exchangers. RFC 5321 §5.1.</summary>
internal sealed class LastStage(StageContext context) : IRoutingStage
{
    private static readonly TablePlace SmartHost = new("queue.smartHost", 0);

    public string Name => context.Options.SmartHost is null ? "mail exchangers" : "smart host";

    public StageScope Scope => StageScope.Elsewhere;

    public ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken) =>
        context.Options.SmartHost is { } hop
            ? HopCredentials.EndAsync(context, run, node, Name, hop, HopKind.SmartHost, SmartHost, cancellationToken)
            : HopCredentials.EndAsync(context, run, node, Name, new NextHop { Domain = node.Name.Domain }, HopKind.OfRecipient, null, cancellationToken);
}
