using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>The users: exact address, without detail, the same name in the machine's own domain, postmaster; and what their .forward files say.</summary>
internal sealed class AccountStage(StageContext context, ForwardFiles? forwards, MemberReader members) : IRoutingStage
{
    private static readonly TablePlace Accounts = new("accounts", 0);
    private static readonly TablePlace Postmaster = new("postmaster", 0);

    public string Name => "accounts";

    public StageScope Scope => StageScope.Here;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        LocalLookUp found = await FindAsync(node, cancellationToken);
        if (found.Outcome == LocalOutcome.Unavailable)
        {
            run.Note(node, Name, $"cannot be asked now{(found.Problem is { } problem ? $": {problem}" : "")}", Accounts);
            return StageAnswer.End(SmtpReplies.TryAgainLater);
        }
        // Mail for postmaster is always taken, without regard to case: RFC 5321 §4.5.1.
        if (found.Outcome == LocalOutcome.Unknown && context.Options.PostmasterAccount is { } postmaster
            && node.Path.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase))
        {
            run.Note(node, Name, $"mailbox of {postmaster}", Postmaster);
            return StageAnswer.End(new Target.Mailbox(postmaster));
        }
        if (found.Outcome == LocalOutcome.Unknown)
        {
            return StageAnswer.Next;
        }
        if (forwards is not null && found.Home is { } home && !node.IsFinal && node.Class == DomainClass.Machine && !IsForwarding(node, found.AccountName!))
        {
            ForwardFile? file;
            try
            {
                file = forwards.Read(home, node.Name.Detail);
            }
            catch (IOException problem)
            {
                return context.Unavailable(run, node, ForwardFiles.StageName, home, new TableAnswer(LookUpOutcome.Failed, Error: problem.Message));
            }
            if (file is { } forward && Forward(run, node, found.AccountName!, forward) is { } expanded)
            {
                return expanded;
            }
        }
        run.Note(node, Name, $"mailbox of {found.AccountName}", Accounts);
        return StageAnswer.End(new Target.Mailbox(found.AccountName!));
    }

    private StageAnswer? Forward(RoutingRun run, RoutingNode node, string account, ForwardFile file)
    {
        if (file.Problem is { } problem)
        {
            Log.ForwardIgnored(context.Logger, file.Path, problem);
            run.Note(node, ForwardFiles.StageName, $"not honoured: {problem}", new TablePlace(file.Path, 0));
            return null;
        }
        node.ForwardOf = account;
        if (!AliasMembers.TryReadFile(file.Content!, file.Path, int.MaxValue, out List<Member> read, out string? wrong))
        {
            return context.Wrong(run, node, ForwardFiles.StageName, new TablePlace(file.Path, 0), wrong);
        }
        List<RoutingMember> found = members.Read(run, node, ForwardFiles.StageName, read, new MemberRights(MemberSource.Forward, file.User));
        return found.Count > 0 ? StageAnswer.Expand(found) : null; // An empty file says nothing.
    }

    /// <summary>The account's .forward led back to it: it means the mailbox.</summary>
    private static bool IsForwarding(RoutingNode node, string account)
    {
        for (RoutingNode? above = node.Parent; above is not null; above = above.Parent)
        {
            if (above.ForwardOf == account)
            {
                return true;
            }
        }
        return false;
    }

    private async ValueTask<LocalLookUp> FindAsync(RoutingNode node, CancellationToken cancellationToken)
    {
        if (node.Name.Domain.Length == 0)
        {
            return new LocalLookUp(LocalOutcome.Unknown);
        }
        LocalLookUp found = await FindAsync(node, node.Name.Domain, cancellationToken);
        // Names of this machine all have the same users.
        return found.Outcome == LocalOutcome.Unknown && node.Class == DomainClass.Machine && !context.Directory.IsLocalDomain(node.Name.Domain)
            && context.Options.Origin is { } origin && MailDomain.TryNormalize(origin, out string own)
            ? await FindAsync(node, own, cancellationToken) : found;
    }

    private async ValueTask<LocalLookUp> FindAsync(RoutingNode node, string domain, CancellationToken cancellationToken)
    {
        LocalLookUp found = await context.Directory.FindAsync(node.Path.LocalPart, domain, cancellationToken);
        return found.Outcome == LocalOutcome.Unknown && node.Name.Detail is not null
            ? await context.Directory.FindAsync(node.Name.User, domain, cancellationToken) : found;
    }
}

/// <summary>Those who are not there. Postfix: luser_relay; Sendmail: LUSER_RELAY.</summary>
internal sealed class UnknownUserStage(StageContext context) : IRoutingStage
{
    private static readonly TablePlace Key = new("routing.unknownUsers", 0);

    public string Name => "unknown users";

    public StageScope Scope => StageScope.Here;

    public async ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        if (context.Options.UnknownUsers is not { } value || node.Class != DomainClass.Machine || node.IsForUnknown || node.Name.Domain.Length == 0)
        {
            run.Note(node, Name, "refused: there is no such user");
            return StageAnswer.End(SmtpReplies.UnknownRecipient);
        }
        if (value.Contains(':', StringComparison.Ordinal))
        {
            StageAnswer answer = await TransportResult.ApplyAsync(context, run, node, Name, TransportValue.Read(value), Key, cancellationToken);
            return answer switch
            {
                { Members: [{ Path: { } user }] } => StageAnswer.Expand([new RoutingMember(user, null) { IsForUnknown = true }]),
                { Target: null, Members: null } => StageAnswer.End(SmtpReplies.UnknownRecipient),
                _ => answer,
            };
        }
        if (!TableTemplate.TryCreate(value, t => TableTemplate.FillNames(t, node.Path, node.Name), node.Path.LocalPart, context.OriginOf(node), out MailPath? path))
        {
            return context.Wrong(run, node, Name, Key, $"\"{value}\" makes no address of {node.Path}");
        }
        run.Note(node, Name, $"{path}", Key);
        return StageAnswer.Expand([new RoutingMember(path, null) { IsForUnknown = true }]);
    }
}
