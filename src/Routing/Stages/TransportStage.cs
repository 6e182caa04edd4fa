using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>Next hops by address or domain, local ones too. Postfix: transport_maps.</summary>
internal sealed class TransportStage(StageContext context) : IRoutingStage
{
    public string Name => "transport";

    public StageScope Scope => StageScope.Every;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        if (node.Name.Domain.Length == 0 || node.IsFinal)
        {
            return StageAnswer.Next;
        }
        TableHit hit = await context.Options.Transports.FindAsync(Keys(node), cancellationToken);
        if (hit.IsFailed)
        {
            return context.Unavailable(run, node, Name, hit);
        }
        if (!hit.IsFound)
        {
            return StageAnswer.Next;
        }
        if (hit.Answer.IsFilledIn)
        {
            return context.Wrong(run, node, Name, hit.Answer.Place, StageContext.FilledInHop);
        }
        TransportValue value = TransportValue.Read(hit.Value);
        if (value is { Name: "", Kind: TransportKind.Relay } && node.Class is DomainClass.Machine or DomainClass.Mailboxes)
        {
            run.Note(node, Name, "names no transport: local all the same", hit.Answer.Place);
            return StageAnswer.Next; // transport(5): the transport stays the domain's own, which has no use for a next hop.
        }
        value = value.Kind == TransportKind.Local ? value with { Text = "" } : value; // Postfix's local(8) has no use for a next hop.
        return await TransportResult.ApplyAsync(context, run, node, Name, value, hit.Answer.Place, cancellationToken);
    }

    // transport(5), "table search order". The star is for what is not ours: what ends here is local until a line says so of its domain.
    private static List<LookUpKey> Keys(RoutingNode node)
    {
        AddressName name = node.Name;
        string user = AddressName.Write(name.User);
        List<LookUpKey> keys = [LookUpKey.OfAddress(AddressName.Write(node.Path.LocalPart), name.Domain)];
        if (name.Detail is not null)
        {
            keys.Add(LookUpKey.OfAddress(user, name.Domain));
        }
        keys.Add(LookUpKey.OfDomain(name.Domain));
        keys.AddRange(DomainClasses.WithParents(name.Domain).Where(k => k.Text[0] == '.'));
        if (node.Class is DomainClass.Elsewhere or DomainClass.Relay)
        {
            keys.Add("*");
        }
        return keys;
    }
}

/// <summary>Next hops by domain. Sendmail: FEATURE(mailertable).</summary>
internal sealed class MailerTableStage(StageContext context) : IRoutingStage
{
    public string Name => "mailertable";

    public StageScope Scope => StageScope.Elsewhere;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        string domain = node.Name.Domain;
        List<LookUpKey> keys = [LookUpKey.OfDomain(domain), .. DomainClasses.WithParents(domain).Where(k => k.Text[0] == '.'), "."];
        TableHit hit = await context.Options.MailerTable.FindAsync(keys, cancellationToken);
        if (hit.IsFailed)
        {
            return context.Unavailable(run, node, Name, hit);
        }
        if (!hit.IsFound)
        {
            return StageAnswer.Next;
        }
        // %1 is what the key's dot stood for: of mx.dept.example.org with .example.org, mx.dept.
        string key = keys[hit.KeyIndex].Text;
        string rest = hit.KeyIndex == 0 ? domain : key == "." ? domain : domain[..^key.Length];
        string value = TableTemplate.HasNumbers(hit.Value) ? TableTemplate.FillNumbers(hit.Value, [domain, rest]) : hit.Value;
        return await TransportResult.ApplyAsync(context, run, node, Name, TransportValue.Read(value, isMailertable: true), hit.Answer.Place, cancellationToken);
    }
}
