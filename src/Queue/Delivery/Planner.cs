using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>Asks where each pending recipient goes, puts others in the place of aliases, and groups what goes the same way. Changes nothing.</summary>
/// <remarks>
/// What came with the message is resolved at each attempt until it turns out to be an alias. From then on its members stand for it: they are never
/// expanded anew for the same address, so that a table that changes meanwhile gives nobody a second copy. A member that is relayed is asked for its
/// next hop again, so that a corrected table frees what waits; one with a mailbox, whether the account is still there.
/// </remarks>
internal sealed class Planner(ISpool spool, IMailRouter router, LocalLanes lanes, RemoteQueue remote, QueueOptions options, TimeProvider clock)
{
    private const int ChunkOctets = 16 * 1024;

    private static readonly SmtpReply Crowded = new(451, new(4, 3, 2), "too many messages wait for this destination");
    private static readonly SmtpReply CrowdedHere = new(451, new(4, 3, 2), "too many messages wait for the same mailbox, file or program");
    private static readonly SmtpReply NoMembers = new(550, new(5, 2, 4), "the alias or list has no members"); // RFC 3463 §3.3
    private static readonly SmtpReply Discarded = new(250, new(2, 0, 0), "discarded");

    public async Task<Plan> PlanAsync(SpoolMessage message, CancellationToken stop)
    {
        List<(int Index, Target Target)> routes = [];
        List<(int Index, IReadOnlyList<RoutedRecipient> Members)> aliases = [];
        for (int i = 0; i < message.Recipients.Count; i++)
        {
            SpoolRecipient recipient = message.Recipients[i];
            if (recipient.Status != RecipientStatus.Pending)
            {
                continue;
            }
            if (recipient.Target is { } stored and not Target.Mailbox)
            {
                routes.Add((i, stored));
                continue;
            }
            RoutingRequest request = new() { Recipient = recipient.Recipient.Path, ReversePath = message.ReversePathOf(recipient), IsOwnMail = MessageRewriting.IsOurs(message.Origin) };
            Resolution resolution = await router.ResolveAsync(request, stop);
            if (TargetOf(recipient, resolution.Recipients) is { } target)
            {
                routes.Add((i, target));
            }
            else
            {
                aliases.Add((i, resolution.Recipients));
            }
        }
        bool mayLoop = aliases.Count > 0 || routes.Any(r => IsForAgents(r.Target));
        HeaderScan? header = mayLoop ? await ReadHeaderAsync(message.Id, stop) : null;
        return Group(message, routes, aliases, header);
    }

    /// <summary>Where the recipient goes as it stands; null: others stand for it.</summary>
    private static Target? TargetOf(SpoolRecipient recipient, IReadOnlyList<RoutedRecipient> found)
    {
        MailPath path = recipient.Recipient.Path;
        if (recipient.Parent is not null)
        {
            bool isMailbox = recipient.Target is Target.Mailbox;
            if (found.FirstOrDefault(r => Expansion.IsSame(r.Path, path) && (isMailbox ? r.Target is Target.Mailbox : r.Target is Target.Relay)) is { } itself)
            {
                return itself.Target;
            }
            if (isMailbox)
            {
                return found is [{ Target: Target.Failure gone }] ? gone : recipient.Target;
            }
        }
        if (found.Count == 0)
        {
            return new Target.Failure(NoMembers);
        }
        // Nobody gets it before all are known: else those who did would have to be remembered against a list that may change.
        if (found.FirstOrDefault(r => r.Target is Target.Failure { Reply.IsPermanent: false }) is { } later)
        {
            return later.Target;
        }
        return found is [{ ReversePath: null } only] && Expansion.IsSame(only.Path, path) ? only.Target : null;
    }

    private Plan Group(
        SpoolMessage message, List<(int Index, Target Target)> routes, List<(int Index, IReadOnlyList<RoutedRecipient> Members)> aliases, HeaderScan? header)
    {
        Expansion expansion = new(message, clock.GetUtcNow());
        // Who was named by the sender comes before who stands in an alias: it is their wishes that count.
        List<(int Index, Target Target)> all = [.. routes.Where(r => r.Target is Target.Failure || message.Recipients[r.Index].Parent is not null || expansion.TryKeep(r.Index, r.Target))];
        // And aliases before lists with an owner, whose copies are none of the sender's.
        foreach ((int index, IReadOnlyList<RoutedRecipient> members) in aliases.OrderBy(a => a.Members.All(m => m.ReversePath is not null)))
        {
            if (header?.WasDeliveredTo(message.Recipients[index].Recipient.Path.ToString()) ?? false)
            {
                all.Add((index, new Target.Failure(LocalDelivery.Loop)));
            }
            else
            {
                expansion.Add(index, members);
            }
        }
        all.AddRange(expansion.Routes);
        Plan plan = new() { Message = message.Apply(expansion.Update), Expansion = expansion.Update };
        foreach ((int index, Target target) in all)
        {
            Add(plan, index, target, header);
        }
        return plan;
    }

    private void Add(Plan plan, int index, Target target, HeaderScan? header)
    {
        SpoolRecipient recipient = plan.Message.Recipients[index];
        MailPath? owner = plan.Message.OwnerOf(recipient);
        switch (target)
        {
            case Target.Mailbox when lanes.IsCrowded(target, plan.Message.Id):
                Park();
                break;
            case Target.Mailbox mailbox:
                plan.Mailboxes.Add((index, mailbox.AccountName));
                break;
            case Target.Relay relay:
                Destination destination = new(relay.Hop, NeedOf(plan.Message, relay.Hop));
                if (remote.IsCrowded(destination, plan.Message.Id))
                {
                    plan.Crowd(index, Crowded, (id, priority) => remote.TryPark(destination, id, priority));
                    break;
                }
                MailPath? alias = recipient.Parent is { } parent ? plan.Message.Recipients[parent].Recipient.Path : null;
                Plan.Add(plan.Relays, new RelayGroup(destination, owner, alias), index);
                break;
            case Target.Failure failure:
                plan.Settled.Add(new RecipientOutcome(index, Replies.ToStatus(failure.Reply), failure.Reply));
                break;
            case Target.Discard discard:
                plan.Discarded.Add(new RecipientOutcome(index, RecipientStatus.Delivered, discard.Text.Length > 0 ? Discarded with { Text = discard.Text } : Discarded));
                break;
            case Target.File or Target.Command or Target.Agent when header?.WasDeliveredTo(recipient.Recipient.Path.ToString()) ?? false:
                plan.Settled.Add(new RecipientOutcome(index, RecipientStatus.Failed, LocalDelivery.Loop));
                break;
            case Target.File or Target.Command or Target.Agent when lanes.IsCrowded(target, plan.Message.Id):
                Park();
                break;
            case Target.File or Target.Command or Target.Agent:
                Plan.Add(plan.Agents, new AgentGroup(target, owner), index);
                break;
            default:
                throw new NotSupportedException(target.ToString());
        }

        void Park() => plan.Crowd(index, CrowdedHere, (id, priority) => lanes.TryPark(target, id, priority));
    }

    private static bool IsForAgents(Target target) => target is Target.File or Target.Command or Target.Agent;

    // RFC 8689 §4.1: with REQUIRETLS the field TLS-Required counts nothing. A fixed route is our own affair, not the recipient's policy.
    private TlsNeed NeedOf(SpoolMessage message, NextHop hop) =>
        message.RequiresTls ? message.ReversePath.IsNull ? TlsNeed.Preferred : TlsNeed.Required
        : message.Traits.HasFlag(ContentTraits.TlsOptional) && hop.Domain is not null && options.Tls is not TlsPolicy.Never ? TlsNeed.Optional
        : TlsNeed.AsConfigured;

    private async Task<HeaderScan> ReadHeaderAsync(SpoolId id, CancellationToken stop)
    {
        HeaderScan scan = new(options.Limits.DeliveredToMax);
        await using IMessageContent content = await spool.OpenContentAsync(id, stop);
        byte[] chunk = new byte[(int)Math.Clamp(content.Octets, 1, ChunkOctets)];
        for (long offset = 0; !scan.IsInBody && await content.ReadAsync(offset, chunk, stop) is int length and > 0; offset += length)
        {
            scan.Feed(chunk.AsSpan(0, length));
        }
        return scan;
    }
}
