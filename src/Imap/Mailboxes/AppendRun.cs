using System.Text;
using MailAccess.Imap.Framing;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Message;
using MailAccess.Store;
using MailAccess.Wire;

namespace MailAccess.Imap.Mailboxes;

/// <summary>One APPEND: takes message after message, then appends them all or none. RFC 3502.</summary>
/// <remarks>
/// The first refusal decides the answer. Where the client waits for our word it is told at once; what comes without being
/// asked for is read and dropped, so that the next command is found (RFC 7888 §4).
/// </remarks>
internal sealed class AppendRun(ImapSession session, MailboxName? name) : IAsyncDisposable
{
    private readonly List<MessageToAppend> _messages = [];
    private IMailbox? _mailbox;
    private ImapCompletion _refusal;
    private long _octets;

    private ImapLimits Limits => session.Services.Limits;

    /// <summary>Before the client is asked to send: a mailbox that is not there costs it no upload.</summary>
    public async ValueTask OpenAsync()
    {
        if (name is null)
        {
            _refusal = ImapErrors.InvalidName;
            return;
        }
        StoreResult<IMailbox> opened = await session.Account!.OpenAsync(name, CancellationToken.None);
        if (!opened.TryGet(out _mailbox))
        {
            _refusal = ImapErrors.ToDestinationCompletion(opened.Error);
        }
    }

    /// <summary>The next message, whose literal is still on the wire. Gives the answer where the command ends here.</summary>
    public async ValueTask<ImapCompletion?> TakeAsync(AppendRequest request, LiteralHeader literal)
    {
        Check(literal);
        IStagedMessage? message = null;
        if (!_refusal.IsGiven)
        {
            // The store is told of the whole command's size: many small messages must not fill the memory.
            StoreResult<IStagedMessage> staged = await session.Services.Store.StageAsync(Math.Max(literal.Octets, _octets), CancellationToken.None);
            _refusal = staged.TryGet(out message) ? _refusal : ImapErrors.ToCompletion(staged.Error);
        }
        if (message is null)
        {
            return await DropAsync(literal);
        }
        _octets += literal.Octets;
        _messages.Add(new MessageToAppend
        {
            Message = message,
            Flags = request.Flags.Flags,
            Keywords = request.Flags.Keywords,
            InternalDate = request.InternalDate,
        });
        if (literal.IsSynchronizing)
        {
            session.Writer.Write("+ go ahead\r\n"u8);
        }
        MessageIntake intake = new(message, request.IsBinary ? new BinaryPartEncoder() : null);
        if (await StreamAsync(literal.Octets, intake.WriteAsync) is { } cutOff)
        {
            return cutOff;
        }
        StoreResult<Done> complete = await intake.CompleteAsync();
        if (intake.IsUnknown)
        {
            Refuse(ImapCompletion.No("UNKNOWN-CTE", "the message is not built so that its binary parts can be kept")); // RFC 3516 §4.4.
        }
        else if (!complete.TryGet(out _))
        {
            Refuse(ImapErrors.ToCompletion(complete.Error));
        }
        return null;
    }

    /// <summary>
    /// What stands behind a message: nothing, or the next one's flags, date and literal. Gives the answer where nobody knows
    /// how to go on.
    /// </summary>
    public async ValueTask<(AppendRequest? Next, LiteralHeader Literal, ImapCompletion? Broken)> ReadNextAsync()
    {
        while (true)
        {
            switch (await session.Reader.Lines.ReadAsync())
            {
                case LineOutcome.Line when session.Reader.Lines.Line.IsEmpty:
                    return default;
                case LineOutcome.Line:
                    return Parse(session.Reader.Lines.LineMemory);
                case LineOutcome.Woken when session.Connection.DeadlineExpired:
                    return (null, default, await CutOffAsync(LiteralOutcome.Deadline));
                case LineOutcome.Woken:
                    break;
                case LineOutcome.EndOfStream:
                    return (null, default, ImapCompletion.HangUp(SessionEnd.ClientGone));
                default:
                    // Its end may have announced a literal: nobody knows where the next command begins.
                    return (null, default, ImapCompletion.HangUp(
                        await session.SayByeAsync("expected the end of the command behind the message", SessionEnd.ProtocolViolation)));
            }
        }
    }

    /// <summary>All have come: one commit.</summary>
    public async ValueTask<ImapCompletion> FinishAsync()
    {
        if (_refusal.IsGiven)
        {
            return _refusal;
        }
        StoreResult<AppendOutcome> appended = await _mailbox!.AppendAsync(_messages, CancellationToken.None);
        if (!appended.TryGet(out AppendOutcome? outcome))
        {
            return ImapErrors.ToDestinationCompletion(appended.Error);
        }
        if (session.Services.IsDisabled("UIDPLUS"))
        {
            return ImapCompletion.Ok("appended");
        }
        // resp-code-apnd = "APPENDUID" SP nz-number SP set — RFC 3502, RFC 4315 §4, in the order of the messages.
        StringBuilder code = new($"APPENDUID {outcome.UidValidity} ");
        CopyRequest.AppendInOrder(code, outcome.Uids);
        return ImapCompletion.Ok(code.ToString(), "appended");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (MessageToAppend message in _messages)
        {
            await message.Message.DisposeAsync();
        }
        if (_mailbox is not null)
        {
            await _mailbox.DisposeAsync();
        }
    }

    private void Check(LiteralHeader literal)
    {
        if (literal.Octets > Limits.AppendOctetsMax - _octets)
        {
            Refuse(ImapErrors.ToCompletion(StoreError.TooBig));
        }
        else if (literal.Octets == 0)
        {
            Refuse(ImapCompletion.No("an empty message: nothing is appended")); // The client's way to cancel, RFC 3502.
        }
        else if (_messages.Count == Limits.AppendMessagesMax)
        {
            Refuse(ImapCompletion.No("LIMIT", "too many messages in one command"));
        }
    }

    private void Refuse(ImapCompletion refusal) => _refusal = _refusal.IsGiven ? _refusal : refusal;

    private (AppendRequest? Next, LiteralHeader Literal, ImapCompletion? Broken) Parse(ReadOnlyMemory<byte> line)
    {
        bool hasLiteral = LiteralHeader.TryParse(line.Span, out LiteralHeader literal);
        ImapArguments arguments = new(hasLiteral ? line[..literal.Start] : line, Limits);
        bool mayBeMany = !session.Services.IsDisabled("MULTIAPPEND");
        if (!(hasLiteral && mayBeMany && AppendRequest.TryParseMessage(arguments, name, session.Services, out AppendRequest next)))
        {
            _refusal = mayBeMany && hasLiteral ? ImapErrors.Syntax(arguments)
                : ImapCompletion.Bad("expected the end of the command behind the message"); // Grammar comes before all else.
            next = new AppendRequest(name, FlagList.Empty, null);
        }
        return hasLiteral ? (next, literal, null) : (null, default, _refusal);
    }

    /// <summary>No: a client that waits is spared the upload, another's message is dropped if that is cheap.</summary>
    private async ValueTask<ImapCompletion?> DropAsync(LiteralHeader literal)
    {
        if (literal.IsSynchronizing)
        {
            return _refusal;
        }
        if (literal.Octets > Math.Max(Limits.AppendOctetsMax, Limits.DroppedLiteralOctetsMax))
        {
            // RFC 7888 §4: read and drop, or close the connection.
            return ImapCompletion.HangUp(await session.SayByeAsync("message too long", SessionEnd.ProtocolViolation));
        }
        return await StreamAsync(literal.Octets, sink: null);
    }

    /// <summary>Nobody may take for ever: the time for a message grows with its size.</summary>
    private async ValueTask<ImapCompletion?> StreamAsync(long octets, Func<System.Buffers.ReadOnlySequence<byte>, ValueTask>? sink)
    {
        await session.Writer.FlushAsync();
        session.Connection.SetDeadline(Limits.AppendTimeout + TimeSpan.FromSeconds((double)octets / Limits.AppendOctetsPerSecondMin));
        return await CutOffAsync(await session.Reader.StreamLiteralAsync(octets, sink));
    }

    private async ValueTask<ImapCompletion?> CutOffAsync(LiteralOutcome outcome) => outcome switch
    {
        LiteralOutcome.Whole => null,
        LiteralOutcome.Deadline => ImapCompletion.HangUp(await session.SayByeAsync("the message came too slowly", SessionEnd.IdleTimeout)),
        _ => ImapCompletion.HangUp(SessionEnd.ClientGone), // Half a message is no message.
    };
}
