using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>Names of this machine that stand for others, for files and for commands: /etc/aliases.</summary>
internal sealed class AliasStage(StageContext context, MemberReader members) : IRoutingStage
{
    private const string OwnerPrefix = "owner-";

    public string Name => "aliases";

    public StageScope Scope => StageScope.Machine;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        TableHit hit = await context.Options.Aliases.FindAsync(Keys(node.Name), cancellationToken);
        if (hit.IsFailed)
        {
            return context.Unavailable(run, node, Name, hit);
        }
        if (!hit.IsFound)
        {
            return StageAnswer.Next;
        }
        string value = hit.Value;
        if (TableReply.TryReadError(value, out SmtpReply? reply))
        {
            run.Note(node, Name, $"{reply}", hit.Answer.Place);
            return StageAnswer.End(reply);
        }
        (MailPath? owner, TableHit failed) = await FindOwnerAsync(run, node, cancellationToken);
        if (failed.IsFailed)
        {
            return context.Unavailable(run, node, Name, failed);
        }
        if (!AliasMembers.TryRead(value, hit.Answer.Place, run.MembersMax, out List<Member> read, out string? problem))
        {
            return context.Wrong(run, node, Name, hit.Answer.Place, problem);
        }
        // A pattern's answer may hold what a stranger wrote: no commands, no files, no lists.
        MemberRights rights = new(hit.Table!.TakesWholeKeysOnly || hit.Answer.IsFilledIn ? MemberSource.Pattern : MemberSource.Alias, null);
        List<RoutingMember> found = members.Read(run, node, Name, read, rights);
        if (found.Count == 0)
        {
            return context.Wrong(run, node, Name, hit.Answer.Place, "stands for nobody");
        }
        node.ReversePath = owner ?? node.ReversePath;
        node.IsListMember |= found.Count > 1 || owner is not null;
        return StageAnswer.Expand(found);
    }

    // aliases(5) of Postfix; the star is Sendmail's.
    private static List<LookUpKey> Keys(AddressName name) => name.Detail is null
        ? [AddressName.Write(name.User)]
        : [AddressName.Write($"{name.User}{name.Delimiter}{name.Detail}"), $"{AddressName.Write(name.User)}+*", AddressName.Write(name.User)];

    private async ValueTask<(MailPath? Owner, TableHit Failed)> FindOwnerAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        string user = node.Name.User;
        if (user.StartsWith(OwnerPrefix, StringComparison.OrdinalIgnoreCase) || !MailPath.TryCreate(OwnerPrefix + user, context.OriginOf(node), out MailPath? owner))
        {
            return default;
        }
        TableHit hit = await context.Options.Aliases.FindAsync([AddressName.Write(owner.LocalPart)], cancellationToken);
        if (hit.IsFound)
        {
            run.Note(node, Name, $"failures to {owner}", hit.Answer.Place);
        }
        return (hit.IsFound ? owner : null, hit.IsFailed ? hit : default);
    }
}
