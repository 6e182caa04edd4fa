using MailAccess.Imap.Notifying;
using System.Text;
using MailAccess.Imap.Commands;
using MailAccess.Imap.Framing;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Wire;

namespace MailAccess.Imap.Mailboxes;

/// <summary>What REPLACE removes. RFC 8508.</summary>
/// <param name="Uid">In the selected mailbox.</param>
/// <param name="Refusal">Why it cannot go; else the default.</param>
internal readonly record struct MessageToReplace(Uid Uid, ImapCompletion Refusal);

/// <summary>
/// One APPEND: takes message after message, each from the wire or put together, then appends them all or none. RFC 3502, RFC 4469.
/// Or one REPLACE, of one message.
/// </summary>
/// <remarks>
/// The first refusal decides the answer. Where the client waits for our word it is told at once; what comes without being
/// asked for is read and dropped, so that the next command is found (RFC 7888 §4).
/// </remarks>
/// <param name="session">The client's.</param>
/// <param name="head">Where messages go.</param>
/// <param name="replacing">What goes for the one that comes; null: APPEND.</param>
internal sealed class AppendRun(ImapSession session, AppendHead head, MessageToReplace? replacing) : IAsyncDisposable
{
    private readonly List<MessageDraft> _messages = [];
    private readonly UrlSource _urls = new(session);
    private AppendGrammar _grammar = new(session.Services, replacing is null ? MessageIntakeKind.Append : MessageIntakeKind.Replace);
    private IMailbox? _mailbox;
    private ImapCompletion _refusal = replacing?.Refusal ?? default;
    private MessageDraft? _draft;
    private long _octets;

    private ImapLimits Limits => session.Services.Limits;

    /// <summary>What the first literal of a command is that takes messages; see <see cref="LiteralPlacement"/>.</summary>
    /// <param name="arguments">From the space behind the verb to the literal's brace.</param>
    /// <param name="kind">Which command.</param>
    /// <param name="services">Which extensions are on.</param>
    /// <param name="refusal">Where it is nothing.</param>
    public static LiteralPlace PlaceFirstLiteral(
        ImapArguments arguments, MessageIntakeKind kind, ImapServices services, out ImapCompletion refusal)
    {
        AppendPiece piece = AppendHead.Parse(arguments, kind, endsInLiteral: true, out _);
        AppendGrammar grammar = new(services, kind);
        piece = piece == AppendPiece.Complete ? grammar.Parse(arguments, endsInLiteral: true, elements: null) : piece;
        return PlaceOf(piece, ImapErrors.Syntax(arguments), out refusal);
    }

    /// <summary>All messages of the command, to its end.</summary>
    /// <param name="arguments">From behind the mailbox.</param>
    public async ValueTask<ImapCompletion> RunAsync(ImapArguments arguments)
    {
        await OpenAsync(); // Before the client is asked to send: a mailbox that is not there costs it no upload.
        bool isBehindLiteral = false;
        while (true)
        {
            List<AppendElement> elements = [];
            LiteralHeader? literal = session.Reader.MessageLiteral;
            AppendPiece piece = _grammar.Parse(arguments, literal is not null, elements);
            if (piece is AppendPiece.Syntax or AppendPiece.String)
            {
                return Syntax(arguments, isBehindLiteral); // Grammar comes before all else.
            }
            foreach (AppendElement element in elements)
            {
                if (await TakeAsync(element, literal) is { } over)
                {
                    return over;
                }
            }
            if (piece == AppendPiece.Complete)
            {
                return _refusal.IsGiven ? _refusal : await FinishAsync();
            }
            if (await ReadOnAsync() is { } broken)
            {
                return broken;
            }
            arguments = session.Services.ArgumentsOf(session.Reader.Command, session.Enabled);
            isBehindLiteral = true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (MessageDraft message in _messages)
        {
            await message.DisposeAsync();
        }
        await _urls.DisposeAsync();
        if (_mailbox is not null)
        {
            await _mailbox.DisposeAsync();
        }
    }

    private static LiteralPlace PlaceOf(AppendPiece piece, ImapCompletion syntax, out ImapCompletion refusal)
    {
        refusal = piece == AppendPiece.Syntax ? syntax : default;
        return piece switch
        {
            AppendPiece.Literal => LiteralPlace.Message,
            AppendPiece.String => LiteralPlace.String,
            _ => LiteralPlace.Nowhere,
        };
    }

    private static ImapCompletion Syntax(ImapArguments arguments, bool isBehindLiteral) => isBehindLiteral
        ? ImapCompletion.Bad($"expected {arguments.Expected} behind octet {arguments.ExpectedAt} behind the literal")
        : ImapErrors.Syntax(arguments);

    private async ValueTask OpenAsync()
    {
        if (_refusal.IsGiven)
        {
            return;
        }
        if (head.Mailbox is not { } name)
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

    /// <summary>The command's next piece, behind a literal that was taken. Gives the answer where nobody knows how to go on.</summary>
    private async ValueTask<ImapCompletion?> ReadOnAsync()
    {
        session.Connection.SetDeadline(Limits.AppendTimeout);
        while (true)
        {
            switch (await session.Reader.ReadOnAsync(PlaceNextLiteral))
            {
                case FrameOutcome.Command:
                    return null;
                case FrameOutcome.Refused:
                    return session.Reader.Refusal;
                case FrameOutcome.Woken when session.Connection.DeadlineExpired:
                    return await CutOffAsync(LiteralOutcome.Deadline);
                case FrameOutcome.Woken:
                    break;
                case FrameOutcome.EndOfStream:
                    return ImapCompletion.HangUp(SessionEnd.ClientGone);
                default:
                    return ImapCompletion.HangUp(await session.SayByeAsync(session.Reader.Refusal.Text, SessionEnd.ProtocolViolation));
            }
        }
    }

    private LiteralPlace PlaceNextLiteral(ReadOnlyMemory<byte> command, out ImapCompletion refusal)
    {
        ImapArguments arguments = session.Services.ArgumentsOf(command, session.Enabled);
        AppendGrammar trial = _grammar;
        AppendPiece piece = trial.Parse(arguments, endsInLiteral: true, elements: null);
        return PlaceOf(piece, Syntax(arguments, isBehindLiteral: true), out refusal);
    }

    /// <summary>Gives the answer where the command ends here.</summary>
    private async ValueTask<ImapCompletion?> TakeAsync(AppendElement element, LiteralHeader? literal)
    {
        switch (element.Kind)
        {
            case AppendElementKind.Begin:
                Begin(element);
                return null;
            case AppendElementKind.Url:
                await TakeUrlAsync(element.Url!);
                return null;
            case AppendElementKind.End:
                await EndAsync();
                return null;
            default:
                return await TakeLiteralAsync(element.Kind, literal!.Value);
        }
    }

    private void Begin(AppendElement element)
    {
        if (_messages.Count == session.Services.SavesMax)
        {
            Refuse(MessageLimit.Refuse(session.Services.SavesMax)); // RFC 9738 §3.1: all are taken or none.
        }
        if (_messages.Count == Limits.AppendMessagesMax)
        {
            Refuse(ImapCompletion.No("LIMIT", "too many messages in one command"));
        }
        if (!_refusal.IsGiven)
        {
            _draft = new MessageDraft(session.Services.Store, element.Flags!, element.InternalDate);
            _messages.Add(_draft);
        }
    }

    /// <summary>As if what FETCH BODY gives for it stood there as a literal; nothing is converted. RFC 4469 §3.</summary>
    private async ValueTask TakeUrlAsync(byte[] url)
    {
        if (_refusal.IsGiven)
        {
            return;
        }
        (UrlContent? content, ImapCompletion refusal) = await _urls.OpenAsync(url);
        if (content is null)
        {
            Refuse(refusal);
            return;
        }
        await using (content)
        {
            if (MakesTooBig(content.Octets))
            {
                Refuse(ImapErrors.ToCompletion(StoreError.TooBig));
                return;
            }
            _octets += content.Octets;
            StoreError error = await _draft!.PrepareAsync(_octets, isBinary: false);
            error = error == StoreError.None && !await content.CopyToAsync(_draft) ? StoreError.Unavailable : error;
            if (error != StoreError.None)
            {
                Refuse(ImapErrors.ToCompletion(error));
            }
        }
    }

    private async ValueTask<ImapCompletion?> TakeLiteralAsync(AppendElementKind kind, LiteralHeader literal)
    {
        if (!literal.IsSynchronizing && literal.Octets > Limits.NonSynchronizingOctetsMax && !session.Reader.HasLiteralPlus)
        {
            Refuse(ImapErrors.NotSynchronizing);
        }
        else if (MakesTooBig(literal.Octets))
        {
            Refuse(ImapErrors.ToCompletion(StoreError.TooBig));
        }
        else if (literal.Octets == 0 && kind != AppendElementKind.TextLiteral)
        {
            Refuse(Empty);
        }
        if (!_refusal.IsGiven)
        {
            // The store is told of the whole command's size: many small messages must not fill the memory.
            StoreError error = await _draft!.PrepareAsync(Math.Max(literal.Octets, _octets), kind == AppendElementKind.BinaryLiteral);
            _refusal = error == StoreError.None ? _refusal : ImapErrors.ToCompletion(error);
        }
        if (_refusal.IsGiven)
        {
            return await DropAsync(literal);
        }
        _octets += literal.Octets;
        if (literal.IsSynchronizing)
        {
            session.Writer.Write("+ go ahead\r\n"u8);
        }
        return await StreamAsync(literal.Octets, _draft!.WriteAsync);
    }

    private async ValueTask EndAsync()
    {
        if (_refusal.IsGiven)
        {
            return;
        }
        StoreError error = await _draft!.CompleteAsync();
        if (_draft.Octets == 0)
        {
            Refuse(Empty);
        }
        else if (_draft.IsUnknown)
        {
            Refuse(ImapCompletion.No("UNKNOWN-CTE", "the message is not built so that its binary parts can be kept")); // RFC 3516 §4.4.
        }
        else if (_draft.HasEightBitHeader && !session.Services.TakesInternationalized(session.Enabled))
        {
            Refuse(ImapCompletion.No("CANNOT", "octets above 127 in the header are for who enables UTF8=ACCEPT")); // RFC 6855 §4.
        }
        else if (error != StoreError.None)
        {
            Refuse(ImapErrors.ToCompletion(error));
        }
    }

    /// <summary>All have come: one commit.</summary>
    private async ValueTask<ImapCompletion> FinishAsync()
    {
        StoreResult<AppendOutcome> appended = replacing is { } goes
            ? await session.Selected!.Mailbox.ReplaceAsync(goes.Uid, _messages[0].ToMessage(), _mailbox!, CancellationToken.None)
            : await _mailbox!.AppendAsync([.. _messages.Select(m => m.ToMessage())], CancellationToken.None);
        if (!appended.TryGet(out AppendOutcome? outcome))
        {
            return ImapErrors.ToDestinationCompletion(appended.Error);
        }
        SessionNews.NoteOwn(session, _mailbox!, outcome.Uids);
        await ListCommand.WriteNormalizedAsync(session, _mailbox!.Name, head.Supplied);
        string? code = session.Services.IsDisabled("UIDPLUS") ? null : AppendUid(outcome);
        if (replacing is null)
        {
            return ImapCompletion.Ok(code, "appended");
        }
        if (code is not null)
        {
            // Untagged and before the EXPUNGE, so that the client still knows which message is which: RFC 8508 §4.3.
            session.Writer.WriteUntagged($"OK [{code}] the replacement is there");
        }
        return ImapCompletion.Ok("replaced");
    }

    /// <summary>resp-code-apnd = "APPENDUID" SP nz-number SP set — RFC 3502, RFC 4315 §4, in the order of the messages.</summary>
    private static string AppendUid(AppendOutcome outcome)
    {
        StringBuilder code = new($"APPENDUID {outcome.UidValidity} ");
        CopyRequest.AppendInOrder(code, outcome.Uids);
        return code.ToString();
    }

    /// <summary>An empty message is the client's way to cancel. RFC 3502.</summary>
    private static ImapCompletion Empty => ImapCompletion.No("an empty message: nothing is appended");

    private bool MakesTooBig(long octets) => octets > Limits.AppendOctetsMax - _octets;

    private void Refuse(ImapCompletion refusal) => _refusal = _refusal.IsGiven ? _refusal : refusal;

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
