using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>Addresses that stand for others. Postfix: virtual_alias_maps; Sendmail: FEATURE(virtusertable).</summary>
internal sealed class VirtualAliasStage(StageContext context) : IRoutingStage
{
    private const string Discard = "DISCARD";

    private static readonly TablePlace DomainsKey = new("routing.virtualAliasDomains", 0);

    public string Name => "virtual";

    public StageScope Scope => StageScope.Every;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        (DomainClass? found, StageAnswer failure) = await context.ClassifyAsync(run, node, cancellationToken);
        if (found is null)
        {
            return failure;
        }
        AddressKeys keys = AddressKeys.Virtual(node.Name, found == DomainClass.Machine);
        TableHit hit = await context.Options.VirtualAliases.FindAsync(keys.Keys, cancellationToken);
        if (hit.IsFailed)
        {
            return context.Unavailable(run, node, Name, hit);
        }
        if (!hit.IsFound)
        {
            return StageAnswer.Next;
        }
        if (found == DomainClass.Elsewhere && node.Parent is null)
        {
            run.Note(node, DomainStage.StageName, "not ours, although it has virtual aliases: mail of strangers is refused", DomainsKey);
        }
        string value = hit.Value;
        if (TableReply.TryReadError(value, out SmtpReply? reply))
        {
            run.Note(node, Name, $"{reply}", hit.Answer.Place);
            return StageAnswer.End(reply);
        }
        if (value.Equals(Discard, StringComparison.OrdinalIgnoreCase) || value.StartsWith(Discard + ":", StringComparison.OrdinalIgnoreCase))
        {
            run.Note(node, Name, "discarded", hit.Answer.Place);
            return StageAnswer.End(new Target.Discard(value.Length > Discard.Length ? value[(Discard.Length + 1)..].Trim() : ""));
        }
        return Expand(run, node, keys, hit, value);
    }

    private StageAnswer Expand(RoutingRun run, RoutingNode node, AddressKeys keys, TableHit hit, string value)
    {
        bool isFilled = TableTemplate.HasNumbers(value);
        AddressName name = node.Name;
        string[] arguments = [keys.Keys[hit.KeyIndex].Text, name.User, name.Detail ?? "", name.Detail is null ? "" : $"+{name.Detail}"];
        if (!AliasMembers.TryRead(value, hit.Answer.Place, run.MembersMax, out List<Member> read, out string? problem))
        {
            return context.Wrong(run, node, Name, hit.Answer.Place, problem);
        }
        List<RoutingMember> members = [];
        foreach (Member member in read)
        {
            if (member.Kind == MemberKind.Nothing)
            {
                members.Add(new RoutingMember(null, new Target.Discard("")));
                continue;
            }
            if (member.Kind is not (MemberKind.Address or MemberKind.Final)
                || !TableTemplate.TryCreate(
                    member.Text, t => isFilled ? TableTemplate.FillNumbers(t, arguments) : t, node.Path.LocalPart, context.OriginOf(node), out MailPath? path))
            {
                return context.Wrong(run, node, Name, hit.Answer.Place, $"\"{member.Text}\" is no address, which is all that a virtual alias can stand for");
            }
            path = isFilled ? path : keys.WithDetail(path, hit.KeyIndex, context.Options.RecipientDelimiter);
            members.Add(new RoutingMember(path, null) { IsFinal = member.Kind == MemberKind.Final });
        }
        if (members.Count == 0)
        {
            return context.Wrong(run, node, Name, hit.Answer.Place, "stands for nobody");
        }
        run.Note(node, Name, $"{string.Join(", ", members.Select(m => m.Path?.ToString() ?? "nothing"))}", hit.Answer.Place);
        node.IsListMember |= members.Count > 1;
        return StageAnswer.Expand(members);
    }
}
