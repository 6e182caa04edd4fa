using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>What a right-hand side of a transport table, mailertable, or of <c>routing.unknownUsers</c> does to an address.</summary>
internal static class TransportResult
{
    public static async ValueTask<StageAnswer> ApplyAsync(
        StageContext context, RoutingRun run, RoutingNode node, string stage, TransportValue value, TablePlace? place, CancellationToken cancellationToken)
    {
        StageAnswer answer = Apply(context, run, node, stage, value, place);
        return answer.Target is Target.Relay relay ? await HopCredentials.AddAsync(context, run, node, relay.Hop, HopKind.OfRecipient, cancellationToken) : answer;
    }

    private static StageAnswer Apply(StageContext context, RoutingRun run, RoutingNode node, string stage, TransportValue value, TablePlace? place)
    {
        switch (value.Kind)
        {
            case TransportKind.Wrong:
                return context.Wrong(run, node, stage, place, value.Text);
            case TransportKind.AsElse:
                run.Note(node, stage, "as if it were not in the table", place);
                return StageAnswer.Next;
            case TransportKind.Local:
                node.Verdict = new DomainVerdict(DomainClass.Machine, place);
                run.Note(node, stage, "local", place);
                return ToUser(context, run, node, stage, value, place);
            case TransportKind.Mailboxes:
                node.Verdict = new DomainVerdict(DomainClass.Mailboxes, place);
                run.Note(node, stage, "local, mailboxes only", place);
                return StageAnswer.Next;
            case TransportKind.Discard:
                run.Note(node, stage, "discarded", place);
                return StageAnswer.End(new Target.Discard(value.Text));
            case TransportKind.Reply:
                run.Note(node, stage, $"{value.Reply!}", place);
                return StageAnswer.End(value.Reply!);
            case TransportKind.Agent:
                run.Note(node, stage, $"agent {value.Name}, {(value.Text.Length > 0 ? value.Text : node.Name.Domain)}", place);
                return StageAnswer.End(new Target.Agent(value.Name, value.Text.Length > 0 ? value.Text : node.Name.Domain));
            default:
                NextHop hop = value.Hop ?? new NextHop { Domain = node.Name.Domain };
                run.Note(node, stage, $"{hop}", place);
                return StageAnswer.End(new Target.Relay(hop));
        }
    }

    // Sendmail: local:user is that user's, whoever was written to.
    private static StageAnswer ToUser(StageContext context, RoutingRun run, RoutingNode node, string stage, TransportValue value, TablePlace? place)
    {
        return value.Text.Length == 0 ? StageAnswer.Next
            : TableTemplate.TryCreate(value.Text, v => v, "", context.OriginOf(node), out Smtp.MailPath? path)
            ? StageAnswer.Expand([new RoutingMember(path, null)])
            : context.Wrong(run, node, stage, place, $"\"{value.Text}\" is no user");
    }
}
