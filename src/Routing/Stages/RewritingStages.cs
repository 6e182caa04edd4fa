using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>Another domain for the address' own. Sendmail: FEATURE(domaintable).</summary>
internal sealed class DomainTableStage(StageContext context) : IRoutingStage
{
    public string Name => "domaintable";

    public StageScope Scope => StageScope.Every;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        if (node.Name.Domain.Length == 0)
        {
            return StageAnswer.Next;
        }
        TableHit hit = await context.Options.DomainTable.FindAsync([LookUpKey.OfDomain(node.Name.Domain)], cancellationToken);
        if (hit.IsFailed)
        {
            return context.Unavailable(run, node, Name, hit);
        }
        if (!hit.IsFound)
        {
            return StageAnswer.Next;
        }
        if (!MailPath.TryCreate(node.Path.LocalPart, hit.Value.TrimEnd('.'), out MailPath? path))
        {
            return context.Wrong(run, node, Name, hit.Answer.Place, $"\"{hit.Value}\" is no domain");
        }
        run.Note(node, Name, $"{path}", hit.Answer.Place);
        return context.TryReplace(node, path) ? StageAnswer.Next : StageAnswer.End(RoutingReplies.BadDomain);
    }
}

/// <summary>Another address for the one that came; a result is looked up again until it is found no more, as for senders and headers. Postfix: recipient_canonical_maps, canonical_maps.</summary>
internal sealed class CanonicalStage(StageContext context, RoutingTables tables) : IRoutingStage
{
    private const int RepeatsMax = 10;

    public string Name => "canonical";

    public StageScope Scope => StageScope.Every;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        // What virtual aliases give back must not become public again: those two tables are each other's inverse.
        if (node.Parent is not null)
        {
            return StageAnswer.Next;
        }
        string first = node.Path.ToString();
        for (int i = 0; i < RepeatsMax; i++)
        {
            (DomainClass? found, StageAnswer failure) = await context.ClassifyAsync(run, node, cancellationToken);
            if (found is null)
            {
                return failure;
            }
            AddressKeys keys = AddressKeys.Canonical(node.Name, found == DomainClass.Machine);
            TableHit hit = await tables.FindAsync(keys.Keys, cancellationToken);
            if (hit.IsFailed)
            {
                return context.Unavailable(run, node, Name, hit);
            }
            string before = node.Key;
            StageAnswer answer = hit.IsFound ? Replace(run, node, keys, hit) : StageAnswer.Next;
            if (node.Key == before || answer != StageAnswer.Next)
            {
                return answer;
            }
        }
        return context.Wrong(run, node, Name, new TablePlace(tables.Key, 0), $"{first} leads in a circle");
    }

    private StageAnswer Replace(RoutingRun run, RoutingNode node, AddressKeys keys, TableHit hit)
    {
        string value = hit.Value;
        if (!TableTemplate.TryCreate(value, v => v, node.Path.LocalPart, context.OriginOf(node), out MailPath? path))
        {
            return context.Wrong(run, node, Name, hit.Answer.Place, $"\"{value}\" is no address");
        }
        path = keys.WithDetail(path, hit.KeyIndex, context.Options.RecipientDelimiter);
        run.Note(node, Name, $"{path}", hit.Answer.Place);
        return context.TryReplace(node, path) ? StageAnswer.Next : StageAnswer.End(RoutingReplies.BadDomain);
    }
}
