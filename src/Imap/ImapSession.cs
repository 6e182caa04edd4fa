using MailAccess.Imap.Framing;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Notifying;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Wire;

namespace MailAccess.Imap;

/// <summary>One IMAP conversation: frame a command, look it up, gate it, run it, tell what changed, complete it.</summary>
/// <remarks>
/// Invariants. One command at a time; responses leave in command order. The view of the selected mailbox only advances
/// when the difference has been told, and loses messages only where the command allows EXPUNGE (RFC 3501 §7.4.1). Nothing
/// but the loop writes tagged lines. Nothing learned before STARTTLS survives it. Between commands no buffer is held.
/// </remarks>
internal sealed class ImapSession : IAsyncDisposable
{
    private static readonly ImapCompletion UnknownCommand = ImapCompletion.Bad("unknown command");

    private readonly ImapServices _shared;
    private readonly LiteralPlacement _placement;
    private int _errors;
    private int _failedLogins;
    private bool _hasRunCommand;

    public ImapSession(IConnection connection, ImapServices services)
    {
        Connection = connection;
        _shared = Services = services;
        _placement = PlaceLiteral;
        Writer = new ImapWriter(connection.Output, services.Limits.OutputOctetsMax);
        Reader = NewReader();
        Progress = new CommandProgress(this);
    }

    /// <summary>The client.</summary>
    public IConnection Connection { get; private set; }

    /// <summary>What all sessions share, less what is switched off for whoever logged in.</summary>
    public ImapServices Services { get; private set; }

    /// <summary>Where responses go.</summary>
    public ImapWriter Writer { get; private set; }

    /// <summary>Keeps a client that waits for a command informed.</summary>
    public CommandProgress Progress { get; }

    /// <summary>Where commands come from.</summary>
    public CommandReader Reader { get; private set; }

    /// <summary>Of the command that runs.</summary>
    public ReadOnlyMemory<byte> Tag { get; private set; }

    /// <summary>The mail of whoever logged in, or null before.</summary>
    public IMailAccount? Account { get; private set; }

    /// <summary>The selected mailbox, or null.</summary>
    public SelectedMailbox? Selected { get; private set; }

    /// <summary>What the client has enabled, by name or by use.</summary>
    public ImapExtensions Enabled { get; private set; }

    /// <summary>What NOTIFY asked for; null: it was never used, and changes of the selected mailbox are told as always. RFC 5465 §3.1.</summary>
    public Notifications? Notifications { get; private set; }

    /// <summary>Which of RFC 3501 §3's states this is.</summary>
    public ImapStates State =>
        Account is null ? ImapStates.NotAuthenticated : Selected is null ? ImapStates.Authenticated : ImapStates.Selected;

    /// <summary>What is announced now.</summary>
    public string Capabilities => ImapCapabilities.For(Connection, Services, Account is not null);

    /// <summary>COMPRESS is active.</summary>
    public bool IsCompressed => Connection is DeflateConnection;

    private ImapLimits Limits => Services.Limits;

    /// <summary>IMAP4rev2 is what the client speaks. RFC 9051 §6.3.1.</summary>
    public bool IsRevision2 => (Enabled & ImapExtensions.Revision2) != 0;

    /// <summary>The client knows messages by their UIDs alone. RFC 9586.</summary>
    public bool IsUidOnly => (Enabled & ImapExtensions.UidOnly) != 0;

    private bool IsUtf8 => (Enabled & ImapExtensions.Utf8Strings) != 0;

    /// <summary>From greeting to end. Lost connections throw <see cref="IOException"/>.</summary>
    public async Task<SessionEnd> RunAsync()
    {
        Connection.SetDeadline(Limits.LoginTimeout);
        Writer.WriteUntagged($"OK [CAPABILITY {Capabilities}] MailAccess is ready");
        await Writer.FlushAsync();
        while (true)
        {
            if (Notifications is { HasNews: true } notifications)
            {
                if (await SessionNews.TellAsync(this, mayExpunge: !notifications.DelaysExpunge) is { } gone)
                {
                    return gone;
                }
                await Writer.FlushAsync();
            }
            FrameOutcome frame = await Reader.ReadAsync(Account is not null ? _placement : null);
            SessionEnd? end = frame switch
            {
                FrameOutcome.Woken => await LookWhyWokenAsync(),
                FrameOutcome.EndOfStream => await SayNothingAsync(SessionEnd.ClientGone),
                FrameOutcome.Lost => await SayByeAsync(Reader.Refusal.Text, SessionEnd.ProtocolViolation),
                _ => await RunCommandAsync(frame),
            };
            if (end is { } ended)
            {
                return ended;
            }
        }
    }

    /// <summary>Reasons to end that need no word of the client; null where it was something else. Says BYE.</summary>
    public async ValueTask<SessionEnd?> LookWhyWokenAsync()
    {
        if (Connection.StopRequested)
        {
            return await SayByeAsync("the server is shutting down", SessionEnd.Shutdown);
        }
        if (Connection.DeadlineExpired)
        {
            return await SayByeAsync(
                Account is null ? "not logged in for too long" : "logged out after a long silence", SessionEnd.IdleTimeout);
        }
        return null;
    }

    /// <summary>The last words of a session that a bug of ours ended.</summary>
    public async ValueTask<SessionEnd> SayFaultAsync()
    {
        try
        {
            return await SayByeAsync($"[SERVERBUG] internal error, see the server's log for {Connection.Id}", SessionEnd.Fault);
        }
        catch (Exception lost) when (lost is IOException or InvalidOperationException)
        {
            return SessionEnd.Fault; // The connection, or what the fault left of its writer, takes no more words.
        }
    }

    /// <summary>After a successful login.</summary>
    public void LogIn(IMailAccount account, IReadOnlyList<string> disabledCapabilities)
    {
        (Account, Services) = (account, _shared.Without(disabledCapabilities));
        Reader.HasLiteralPlus = !Services.IsDisabled(ImapCapabilities.LiteralPlus);
    }

    /// <summary>
    /// For the rest of the connection. With the first sign that a client knows mod-sequences it is told up to which one it has
    /// heard of everything in the selected mailbox: RFC 7162 §3.1.
    /// </summary>
    public void Enable(ImapExtensions extensions)
    {
        bool isNew = (extensions & ~Enabled & ImapExtensions.CondStore) != 0;
        Enabled |= extensions;
        Writer.IsUtf8 = IsUtf8;
        if (isNew && Selected is { } selected)
        {
            WriteHighestModSeq(selected.View.HighestModSeq);
        }
    }

    /// <summary>Back to the state before login: nothing of the user may stay. RFC 8437 §4.1.</summary>
    public async ValueTask LogOutAsync()
    {
        await SelectAsync(null);
        await NotifyAsync(null);
        Enabled = ImapExtensions.None;
        Writer.IsUtf8 = false;
        if (Account is { } account)
        {
            Account = null;
            Services = _shared;
            await account.DisposeAsync();
        }
        Connection.SetDeadline(Limits.LoginTimeout);
    }

    /// <summary>From now on this is told, also between commands; null: as if NOTIFY had never been used.</summary>
    public async ValueTask NotifyAsync(Notifications? notifications)
    {
        Notifications? former = Notifications;
        Notifications = notifications;
        notifications?.Follow(Selected);
        if (former is not null)
        {
            await former.DisposeAsync();
        }
    }

    /// <summary>"HIGHESTMODSEQ" SP mod-sequence-value — RFC 7162 §7.</summary>
    public void WriteHighestModSeq(ModSeq highest) => Writer.WriteUntagged($"OK [{HighestModSeq(highest)}] highest mod-sequence");

    /// <summary>Makes a mailbox the selected one, or none; the former one is let go.</summary>
    public async ValueTask SelectAsync(SelectedMailbox? mailbox)
    {
        SelectedMailbox? former = Selected;
        Selected = mailbox;
        Services.KeyResets.Follow(this, mailbox);
        Notifications?.Follow(mailbox);
        if (former is not null)
        {
            Notifications?.Leave(former);
            await former.DisposeAsync();
        }
    }

    /// <summary>A message is shorter than was promised to the client in a literal's length: nothing can mend that, the connection is cut.</summary>
    public IOException LoseContent(Uid uid, MailboxName mailbox)
    {
        Services.Log.MessageShrank(Connection.Id, uid.Value, mailbox.Value);
        Connection.Abort();
        return new IOException("a message is shorter than its index says");
    }

    /// <summary>STARTTLS has been agreed on and flushed: handshake, and forget everything. RFC 3501 §6.2.1.</summary>
    public async ValueTask<bool> UpgradeToTlsAsync()
    {
        if (!await Connection.UpgradeToTlsAsync())
        {
            return false;
        }
        StartReading();
        Connection.SetDeadline(Limits.LoginTimeout);
        return true;
    }

    /// <summary>The OK of COMPRESS has been flushed: from the next octet on both sides compress. RFC 4978 §3.</summary>
    public void Compress()
    {
        Connection = new DeflateConnection(Connection);
        StartReading();
        Connection.SetDeadline(Limits.IdleTimeout);
    }

    public async ValueTask DisposeAsync()
    {
        Reader.Dispose();
        if (IsCompressed)
        {
            await Connection.DisposeAsync(); // Of the connection below only its owner disposes.
        }
        await LogOutAsync();
    }

    /// <summary>With the connection's streams as they are now.</summary>
    private void StartReading()
    {
        Reader.Dispose();
        Writer = new ImapWriter(Connection.Output, Limits.OutputOctetsMax) { IsUtf8 = IsUtf8 };
        Reader = NewReader();
    }

    private CommandReader NewReader() => new(Connection, Writer, Limits) { HasLiteralPlus = !Services.IsDisabled(ImapCapabilities.LiteralPlus) };

    /// <summary>BYE and flush — RFC 3501 §7.1.5.</summary>
    public async ValueTask<SessionEnd> SayByeAsync(string text, SessionEnd end)
    {
        Writer.WriteUntagged($"BYE {text}");
        await Writer.FlushAsync();
        return end;
    }

    /// <summary>The client has closed its side; it may still want the answers that were kept back for the next one.</summary>
    private async ValueTask<SessionEnd> SayNothingAsync(SessionEnd end)
    {
        await Writer.FlushAsync();
        return end;
    }

    private async ValueTask<SessionEnd?> RunCommandAsync(FrameOutcome frame)
    {
        bool mayHoldPassword = Account is null;
        CommandReader reader = Reader;
        ImapArguments arguments = Services.ArgumentsOf(reader.Command, Enabled);
        if (!_hasRunCommand && OtherProtocols.IsSpokenIn(reader.Command.Span))
        {
            return await SayByeAsync("this is an IMAP server", SessionEnd.ProtocolViolation);
        }
        _hasRunCommand = true;
        ImapCompletion completion;
        ImapCommand? command = null;
        arguments.Normalizer = await NameNormalizer.ForAsync(this, reader.Command);
        bool hasTag = arguments.TryTag(out ReadOnlyMemory<byte> given) && arguments.TrySpace();
        byte[] tag = hasTag ? given.ToArray() : "*"u8.ToArray(); // A copy: AUTHENTICATE, IDLE and APPEND read on, and the command's buffer will be gone.
        Tag = hasTag ? tag : Tag;
        Progress.Begin();
        if (frame == FrameOutcome.Refused || !hasTag)
        {
            completion = frame == FrameOutcome.Refused ? reader.Refusal : ImapCompletion.Bad("expected a tag and a command");
        }
        else if (!ImapCommands.TryRead(arguments, out command) || Services.IsDisabled(command.Capability))
        {
            command = null;
            completion = UnknownCommand;
        }
        else
        {
            ImapCompletion refusal = command.RefusalIn(State, Enabled);
            if (Notifications is not null)
            {
                Notifications.BeginCommand(this);
            }
            completion = refusal.IsGiven ? refusal : await command.Handler(this, arguments);
        }
        SessionEnd? end = await CompleteAsync(tag, command, completion);
        reader.Release(mayHoldPassword);
        return end;
    }

    /// <summary>A command that takes messages says which of its literals are some, and where it cannot run none is sent; all others are strings.</summary>
    private LiteralPlace PlaceLiteral(ReadOnlyMemory<byte> command, out ImapCompletion refusal)
    {
        ImapArguments arguments = Services.ArgumentsOf(command, Enabled);
        refusal = default;
        if (!(arguments.TryTag(out _) && arguments.TrySpace() && ImapCommands.TryRead(arguments, out ImapCommand? row))
            || row.Takes == MessageIntakeKind.None)
        {
            return LiteralPlace.String;
        }
        refusal = Services.IsDisabled(row.Capability) ? UnknownCommand : row.RefusalIn(State, Enabled);
        if (refusal.IsGiven)
        {
            return LiteralPlace.Nowhere;
        }
        return AppendRun.PlaceFirstLiteral(arguments, row.Takes, Services, out refusal);
    }

    private async ValueTask<SessionEnd?> CompleteAsync(byte[] tag, ImapCommand? command, ImapCompletion completion)
    {
        if (completion.IsSilent)
        {
            return completion.Ends is { } silent ? await SayNothingAsync(silent) : null;
        }
        bool isGone = Selected is { IsGone: true };
        if (!isGone && Selected is not null && command is not null)
        {
            completion = await SessionNews.CompleteAsync(this, Selected, command.Effects, completion);
        }
        Writer.WriteTagged(tag, completion);
        if (completion.Ends is { } ends)
        {
            await Writer.FlushAsync();
            return ends;
        }
        if (isGone)
        {
            // Deleted, renamed or made anew by somebody else: its numbers mean nothing any more.
            return await SayByeAsync("the selected mailbox is gone", SessionEnd.ProtocolViolation);
        }
        if (CountFailure(completion) is { } tooMany)
        {
            return await SayByeAsync(tooMany, SessionEnd.TooManyErrors);
        }
        if (Connection.StopRequested || (Account is null && Connection.DeadlineExpired))
        {
            return await LookWhyWokenAsync(); // The wake-up may have been taken by a read in mid-command.
        }
        if (Account is not null)
        {
            Connection.SetDeadline(Limits.IdleTimeout);
        }
        if (Writer.IsFull || !Reader.HasBufferedLine)
        {
            await Writer.FlushAsync(); // Else the answer travels with the next one's.
        }
        return null;
    }

    /// <summary>The code alone.</summary>
    public static string HighestModSeq(ModSeq highest) => $"HIGHESTMODSEQ {highest}";

    private string? CountFailure(ImapCompletion completion)
    {
        if (completion.IsFailedLogin && ++_failedLogins >= Limits.LoginFailuresMax)
        {
            return "too many failed logins";
        }
        if (completion.Status == ImapStatus.Bad)
        {
            Services.Log.BadCommand(Connection.Id, completion.Text);
            return ++_errors >= Limits.ErrorsMax ? "too many errors" : null;
        }
        if (Account is not null)
        {
            _errors = 0; // In a row: a session may last for weeks.
        }
        return null;
    }
}
