using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>Whether the sender's own password counts.</summary>
internal enum HopKind
{
    /// <summary>A host for the recipient's sake: his domain's exchangers must never see the password of a sender.</summary>
    OfRecipient,
    /// <summary>A smart host, where senders have accounts.</summary>
    SmartHost,
}

/// <summary>User names and passwords at next hops. Postfix: smtp_sasl_password_maps, with smtp_sender_dependent_authentication.</summary>
internal static class HopCredentials
{
    /// <summary>The end of the way at a next hop, logged in to where the table has a password for it.</summary>
    public static async ValueTask<StageAnswer> EndAsync(
        StageContext context, RoutingRun run, RoutingNode node, string stage, NextHop hop, HopKind kind, TablePlace? place, CancellationToken cancellationToken)
    {
        run.Note(node, stage, $"{hop}", place);
        return await AddAsync(context, run, node, hop, kind, cancellationToken);
    }

    /// <summary>The same for a hop that was noted already.</summary>
    public static async ValueTask<StageAnswer> AddAsync(
        StageContext context, RoutingRun run, RoutingNode node, NextHop hop, HopKind kind, CancellationToken cancellationToken)
    {
        if (context.Options.SmartHostPasswords.IsEmpty)
        {
            return StageAnswer.End(new Target.Relay(hop));
        }
        List<NextHop> hops = [];
        foreach (NextHop one in hop.All)
        {
            StageAnswer answer = await AddToOneAsync(context, run, node, one, kind, cancellationToken);
            if (answer.Target is not Target.Relay { Hop: var known })
            {
                return answer;
            }
            hops.Add(known);
        }
        return StageAnswer.End(new Target.Relay(NextHop.Join(hops)));
    }

    private static async ValueTask<StageAnswer> AddToOneAsync(
        StageContext context, RoutingRun run, RoutingNode node, NextHop hop, HopKind kind, CancellationToken cancellationToken)
    {
        const string stage = "passwords";
        if (hop.Credentials is not null || hop.Socket is not null)
        {
            return StageAnswer.End(new Target.Relay(hop));
        }
        // The sender where the table has him (the administrator's choice is that table), then the next hop. Patterns are asked for both. Whatever a stranger
        // calls himself, mail of his that only passes here is not sent with the password of one of ours.
        TableHit hit = kind == HopKind.SmartHost && run.Request.IsOwnMail && run.Request.ReversePath is { IsNull: false } sender && AddressName.TryRead(sender, null, out AddressName from)
            ? await context.Options.SmartHostPasswords.FindAsync([LookUpKey.OfAddress(AddressName.Write(sender.LocalPart), from.Domain)], cancellationToken) : default;
        hit = hit.Table is null ? await context.Options.SmartHostPasswords.FindAsync(Keys(hop), cancellationToken) : hit;
        if (hit.IsFailed)
        {
            return context.Unavailable(run, node, stage, hit);
        }
        if (!hit.IsFound)
        {
            return StageAnswer.End(new Target.Relay(hop));
        }
        string value = hit.Value;
        int colon = value.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
        {
            return context.Wrong(run, node, stage, hit.Answer.Place, "user:password is expected"); // The value stays out of logs.
        }
        run.Note(node, stage, $"log in as {value[..colon]}", hit.Answer.Place);
        // A password is shown to nobody who cannot prove who he is, where the administrator's TLS policies say nothing else of him.
        return StageAnswer.End(new Target.Relay(hop with { Credentials = new SmtpCredentials(value[..colon], value[(colon + 1)..]), Tls = hop.Tls ?? TlsPolicy.Verified }));
    }

    // As written, then without its port, then the host alone.
    private static List<LookUpKey> Keys(NextHop hop)
    {
        NextHop written = hop with { Protocol = HopProtocol.Smtp };
        List<LookUpKey> keys = [LookUpKey.OfDomain(written.ToString())];
        if (hop.Port is not null)
        {
            keys.Add(LookUpKey.OfDomain((written with { Port = null }).ToString()));
        }
        if (hop.Host is not null)
        {
            keys.Add(LookUpKey.OfDomain(hop.Host));
        }
        return keys;
    }
}
