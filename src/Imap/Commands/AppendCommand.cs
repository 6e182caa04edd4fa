using MailAccess.Imap.Framing;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Wire;

namespace MailAccess.Imap.Commands;

/// <summary>APPEND — RFC 3501 §6.3.11; APPENDUID of RFC 4315 §3. The message is streamed from the wire into the store.</summary>
internal static class AppendCommand
{
    public static readonly ImapCommand Definition = new("APPEND", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        bool parsed = AppendRequest.TryParse(arguments, out AppendRequest request);
        if (session.Reader.MessageLiteral is not { } literal)
        {
            // The reader leaves a literal on the wire where the command is well-formed up to it.
            return parsed ? ImapCompletion.Bad("expected the message as a literal") : ImapErrors.Syntax(arguments);
        }
        if (request.Mailbox is null)
        {
            return await RefuseAsync(session, literal, ImapErrors.InvalidName);
        }
        if (literal.Octets > session.Services.Limits.AppendOctetsMax)
        {
            return await RefuseAsync(session, literal, ImapErrors.ToCompletion(StoreError.TooBig));
        }
        // Before the client is asked to send: a mailbox that is not there costs it no upload.
        StoreResult<IMailbox> opened = await session.Account!.OpenAsync(request.Mailbox, CancellationToken.None);
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return await RefuseAsync(session, literal, ImapErrors.ToDestinationCompletion(opened.Error));
        }
        await using (mailbox)
        {
            StoreResult<IStagedMessage> staged = await session.Services.Store.StageAsync(literal.Octets, CancellationToken.None);
            if (!staged.TryGet(out IStagedMessage? message))
            {
                return await RefuseAsync(session, literal, ImapErrors.ToCompletion(staged.Error));
            }
            await using (message)
            {
                return await ReceiveAsync(session, literal, request, mailbox, message);
            }
        }
    }

    private static async ValueTask<ImapCompletion> ReceiveAsync(
        ImapSession session, LiteralHeader literal, AppendRequest request, IMailbox mailbox, IStagedMessage message)
    {
        if (literal.IsSynchronizing)
        {
            session.Writer.Write("+ go ahead\r\n"u8);
        }
        await session.Writer.FlushAsync();
        MessageIntake intake = new(message);
        SetDeadline(session, literal.Octets);
        if (await CutOffAsync(session, await session.Reader.StreamLiteralAsync(literal.Octets, intake.WriteAsync)) is { } cutOff)
        {
            return cutOff;
        }
        if (await ReadEndAsync(session) is { } broken)
        {
            return broken;
        }
        StoreResult<Done> complete = await intake.CompleteAsync();
        if (!complete.TryGet(out _))
        {
            return ImapErrors.ToCompletion(complete.Error);
        }
        MessageToAppend append = new()
        {
            Message = message,
            Flags = request.Flags.Flags,
            Keywords = request.Flags.Keywords,
            InternalDate = request.InternalDate,
        };
        StoreResult<AppendOutcome> appended = await mailbox.AppendAsync([append], CancellationToken.None);
        if (!appended.TryGet(out AppendOutcome? outcome))
        {
            return ImapErrors.ToDestinationCompletion(appended.Error);
        }
        string? code = session.Services.IsDisabled("UIDPLUS") ? null : $"APPENDUID {outcome.UidValidity} {outcome.Uids[0]}";
        return ImapCompletion.Ok(code, "appended");
    }

    /// <summary>No, before the message: a client that waits is spared the upload, another's message is dropped if that is cheap.</summary>
    private static async ValueTask<ImapCompletion> RefuseAsync(ImapSession session, LiteralHeader literal, ImapCompletion refusal)
    {
        if (literal.IsSynchronizing)
        {
            return refusal;
        }
        if (literal.Octets > Math.Max(session.Services.Limits.AppendOctetsMax, session.Services.Limits.DroppedLiteralOctetsMax))
        {
            // RFC 7888 §4: read and drop, or close the connection.
            return ImapCompletion.HangUp(await session.SayByeAsync("message too long", SessionEnd.ProtocolViolation));
        }
        await session.Writer.FlushAsync();
        SetDeadline(session, literal.Octets);
        return await CutOffAsync(session, await session.Reader.StreamLiteralAsync(literal.Octets, sink: null))
            ?? await ReadEndAsync(session)
            ?? refusal;
    }

    /// <summary>Nobody may take for ever: the time for a message grows with its size.</summary>
    private static void SetDeadline(ImapSession session, long octets)
    {
        ImapLimits limits = session.Services.Limits;
        session.Connection.SetDeadline(limits.AppendTimeout + TimeSpan.FromSeconds((double)octets / limits.AppendOctetsPerSecondMin));
    }

    private static async ValueTask<ImapCompletion?> CutOffAsync(ImapSession session, LiteralOutcome outcome) => outcome switch
    {
        LiteralOutcome.Whole => null,
        LiteralOutcome.Deadline => ImapCompletion.HangUp(await session.SayByeAsync("the message came too slowly", SessionEnd.IdleTimeout)),
        _ => ImapCompletion.HangUp(SessionEnd.ClientGone), // Half a message is no message.
    };

    /// <summary>The command ends behind its literal: MULTIAPPEND is not offered.</summary>
    private static async ValueTask<ImapCompletion?> ReadEndAsync(ImapSession session)
    {
        while (true)
        {
            switch (await session.Reader.Lines.ReadAsync())
            {
                case LineOutcome.Line when session.Reader.Lines.Line.IsEmpty:
                    return null;
                case LineOutcome.Line when !LiteralHeader.TryParse(session.Reader.Lines.Line, out LiteralHeader next)
                    || next.IsSynchronizing:
                    return ImapCompletion.Bad("expected the end of the command behind the message");
                case LineOutcome.Woken when session.Connection.DeadlineExpired:
                    return await CutOffAsync(session, LiteralOutcome.Deadline);
                case LineOutcome.Woken:
                    break;
                case LineOutcome.EndOfStream:
                    return ImapCompletion.HangUp(SessionEnd.ClientGone);
                default:
                    // Another literal comes at once, or a line whose end is unknown: nobody knows where the next command begins.
                    return ImapCompletion.HangUp(
                        await session.SayByeAsync("expected the end of the command behind the message", SessionEnd.ProtocolViolation));
            }
        }
    }
}
