using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>
/// One message over a session that is open: MAIL, RCPT, the content by DATA or BDAT, and what was said to it. Recipients that the server takes only
/// in a transaction of their own get one, over the same connection.
/// </summary>
/// <remarks>Throws <see cref="SmtpFailureException"/> where the conversation ends; <see cref="Outcomes"/> then holds what was settled before.</remarks>
internal sealed class SmtpTransaction(SmtpConversation conversation, PeerExtensions peer, TransactionTerms terms, QueueLimits limits, bool isLmtp)
{
    /// <summary>By the recipient's index.</summary>
    public Dictionary<int, RecipientOutcome> Outcomes { get; } = [];

    /// <summary>The server has said something to this transaction.</summary>
    public bool IsAnswered { get; private set; }

    /// <summary>8-bit content is converted on the way (RFC 6152 §3); null: sent as it is.</summary>
    public SevenBitConversion? Conversion { get; init; }

    /// <summary>Told of each reply to the message that is not the last one, as it comes: LMTP has one for each recipient, and each further transaction its own.</summary>
    public Func<RecipientOutcome, Task> Heard { get; init; } = static _ => Task.CompletedTask;

    /// <returns>Whether the session is in step afterwards.</returns>
    public async Task<bool> RunAsync(List<int> recipients, Func<CancellationToken, Task<IMessageContent>> openContentAsync, CancellationToken cancellationToken)
    {
        while (true)
        {
            Offer offer = await OfferAsync(recipients);
            bool isInStep = offer.Accepted.Count == 0 ? await ResetAsync() : await SendAsync(offer.Accepted, openContentAsync, cancellationToken);
            if (offer.Later.Count == 0)
            {
                return isInStep;
            }
            if (!isInStep)
            {
                Conclude(offer.Later, offer.TooMany!);
                return false;
            }
            // By LMTP all but the last were told of.
            foreach (int index in isLmtp ? offer.Accepted.TakeLast(1) : offer.Accepted)
            {
                await Heard(Outcomes[index]);
            }
            recipients = offer.Later; // Fewer than before: somebody was accepted, or there were no later ones.
        }
    }

    // MAIL and all RCPT; in one write where the server takes that.
    private async Task<Offer> OfferAsync(List<int> recipients)
    {
        List<string> lines = [$"MAIL {terms.Mail(recipients, Conversion)}", .. recipients.Select(i => $"RCPT {terms.Rcpt(i)}")];
        conversation.ExpectSilence("MAIL"); // A goodbye that came while we were idle, or worse.
        if (peer.Pipelining)
        {
            await conversation.WriteLinesAsync(lines, "MAIL", limits.MailTimeout);
        }
        else
        {
            await conversation.WriteLineAsync(lines[0], "MAIL", limits.MailTimeout);
        }
        SmtpReply mail = await conversation.ReadReplyAsync("MAIL", limits.MailTimeout);
        IsAnswered |= mail.Code != 421; // A server that goes while we are idle says so in answer to MAIL.
        Offer offer = new();
        if (!mail.IsPositive)
        {
            Conclude(recipients, mail); // That stands, though the server may hang up before it has answered the rest.
            for (int i = 0; peer.Pipelining && mail.Code != 421 && i < recipients.Count; i++)
            {
                await conversation.ReadReplyAsync("RCPT", limits.MailTimeout); // Out of order by our doing: means nothing.
            }
            return mail.Code == 421 ? throw new SmtpFailureException(mail) : offer;
        }
        for (int i = 0; i < recipients.Count; i++)
        {
            if (!peer.Pipelining)
            {
                await conversation.WriteLineAsync(lines[i + 1], "RCPT", limits.MailTimeout);
            }
            SmtpReply reply = await conversation.ReadReplyAsync("RCPT", limits.MailTimeout);
            if (reply.IsPositive)
            {
                offer.Accepted.Add(recipients[i]);
            }
            else if (offer.Accepted.Count > 0 && IsTooManyRecipients(reply))
            {
                offer.TooMany = reply with { Code = 452, Enhanced = new(4, 5, 3) };
                offer.Later.Add(recipients[i]);
            }
            else
            {
                Outcomes[recipients[i]] = Outcome(recipients[i], reply);
            }
            if (reply.Code == 421)
            {
                throw new SmtpFailureException(reply); // RFC 5321 §3.8: the server is going; nobody was delivered.
            }
        }
        return offer;
    }

    // Also by an old code: RFC 5321 §4.5.3.1.10. With another detail, or to the first of all, it speaks of the mailbox.
    private static bool IsTooManyRecipients(SmtpReply reply) =>
        reply.Code is 452 or 552 && (reply.Enhanced is null || reply.Enhanced is { Subject: 5, Detail: 3 });

    private async Task<bool> SendAsync(List<int> accepted, Func<CancellationToken, Task<IMessageContent>> openContentAsync, CancellationToken cancellationToken)
    {
        await using IMessageContent content = await openContentAsync(cancellationToken);
        try
        {
            return peer.Chunking && terms.IsFirstAttempt
                ? await SendChunksAsync(accepted, content, cancellationToken)
                : await SendDataAsync(accepted, content, cancellationToken);
        }
        catch (SmtpFailureException e) when (e is { Stage: SmtpStages.Sending, IsClosed: true })
        {
            if (await LastWordAsync() is not { } word)
            {
                throw;
            }
            Conclude(accepted, word);
            return false;
        }
    }

    private async Task<bool> SendDataAsync(List<int> accepted, IMessageContent content, CancellationToken cancellationToken)
    {
        SmtpReply start = await conversation.AskAsync("DATA", "DATA", limits.DataStartTimeout);
        if (start.Code != 354)
        {
            Conclude(accepted, start.IsPositive ? SmtpSession.Unexpected(start) : start);
            return start.Code >= 400 && start.Code != 421 && await ResetAsync();
        }
        ContentWriter writer = new(ContentFraming.Dot, async octets =>
        {
            await conversation.WriteAsync(octets, SmtpStages.Sending, limits.DataBlockTimeout);
            return true;
        });
        await writer.SendAsync(content, Conversion?.Plan, cancellationToken);
        return await EndAsync(accepted) is { Code: not 421, IsIntermediate: false };
    }

    // RFC 3030 §2: saves waiting for 354; the server's dots and line ends are not looked at.
    private async Task<bool> SendChunksAsync(List<int> accepted, IMessageContent content, CancellationToken cancellationToken)
    {
        conversation.ExpectSilence(SmtpStages.Sending); // No 354 parts the replies to recipients from that to the message.
        ChunkSender chunks = new(conversation, peer.Pipelining, limits);
        if (await new ContentWriter(ContentFraming.Chunks, chunks.WriteAsync).SendAsync(content, Conversion?.Plan, cancellationToken))
        {
            await chunks.FinishAsync();
        }
        SmtpReply? end = chunks.Refusal;
        if (end is null)
        {
            end = await EndAsync(accepted);
        }
        else
        {
            Conclude(accepted, end);
            if (isLmtp || end.Code == 421)
            {
                return false; // How many replies an LMTP server gives to a last chunk behind a refused one nobody has said.
            }
            await chunks.DrainAsync();
        }
        // "The resulting state from a failed BDAT command is indeterminate. A RSET command MUST be issued": §2.
        return end.Code != 421 && !end.IsIntermediate && (end.IsPositive || await ResetAsync());
    }

    // A server that has seen enough may say why and hang up, while we still write. What is positive before the end means nothing.
    private async Task<SmtpReply?> LastWordAsync()
    {
        try
        {
            SmtpReply reply;
            do
            {
                reply = await conversation.ReadReplyAsync(SmtpStages.Sending, limits.QuitTimeout);
            }
            while (reply.Code < 400);
            return reply;
        }
        catch (SmtpFailureException)
        {
            return null; // It said nothing.
        }
    }

    /// <summary>What was said to the message: to all at once, or by LMTP to each (RFC 2033 §4.2, §4.3). Of several the worst counts.</summary>
    private async Task<SmtpReply> EndAsync(List<int> accepted)
    {
        SmtpReply worst = await conversation.ReadReplyAsync("waiting for the reply to the message", limits.DataEndTimeout);
        if (!isLmtp)
        {
            Conclude(accepted, worst);
            return worst;
        }
        Outcomes[accepted[0]] = Outcome(accepted[0], worst);
        for (int i = 1; i < accepted.Count; i++)
        {
            await Heard(Outcomes[accepted[i - 1]]); // The next may take its time, and we may not live to hear it.
            int index = accepted[i];
            SmtpReply reply = await conversation.ReadReplyAsync("waiting for the reply to the message", limits.DataEndTimeout);
            Outcomes[index] = Outcome(index, reply);
            worst = worst.Code == 421 || reply.IsPositive ? worst : reply;
        }
        return worst;
    }

    private async Task<bool> ResetAsync() => (await conversation.AskAsync("RSET", "RSET", limits.MailTimeout)).IsPositive;

    private void Conclude(List<int> recipients, SmtpReply reply)
    {
        foreach (int index in recipients)
        {
            Outcomes[index] = Outcome(index, reply);
        }
    }

    private RecipientOutcome Outcome(int index, SmtpReply reply)
    {
        RecipientStatus status = reply switch
        {
            { IsPositive: true } => terms.Taken,
            { IsPermanent: true } => RecipientStatus.Failed,
            _ => RecipientStatus.Pending,
        };
        return new RecipientOutcome(index, status, reply.IsIntermediate ? SmtpSession.Unexpected(reply) : reply);
    }

    /// <summary>What became of MAIL and RCPT; who was refused is among the outcomes.</summary>
    private sealed class Offer
    {
        public List<int> Accepted { get; } = [];

        /// <summary>More than the server takes at once.</summary>
        public List<int> Later { get; } = [];

        public SmtpReply? TooMany { get; set; }
    }
}
