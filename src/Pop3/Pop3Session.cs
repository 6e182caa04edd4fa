using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using MailAccess.Auth;
using MailAccess.Store;
using MailAccess.Wire;

namespace MailAccess.Pop3;

/// <summary>One POP3 conversation: read a line, run one command, answer it, until QUIT. RFC 1939.</summary>
/// <remarks>
/// Invariants. One command at a time; replies leave in command order. Nothing is deleted before QUIT reaches the UPDATE state
/// (RFC 1939 §6): every other way out of <see cref="RunAsync"/> leaves the messages as they were. Only the loop and
/// <see cref="AskAsync"/> write. Nothing learned before STLS survives it. A reply that promises something durable is written after
/// it is. While the session waits it holds no buffer.
/// </remarks>
internal sealed class Pop3Session : IAsyncDisposable
{
    private readonly Pop3SessionFactory _services;
    private LineReader _lines;
    private int _errors;
    private int _failedLogins;

    public Pop3Session(IConnection connection, Pop3SessionFactory services)
    {
        Connection = connection;
        _services = services;
        _lines = new LineReader(connection.Input, services.Limits.AuthLineOctetsMax);
    }

    public IConnection Connection { get; }

    public IAuthenticator Authenticator => _services.Authenticator;

    /// <summary>The name given by USER, until PASS.</summary>
    public string? PendingUser { get; set; }

    /// <summary>The open maildrop, or null before the login.</summary>
    public Maildrop? Maildrop { get; private set; }

    public Pop3Options Options => _services.Options;

    /// <summary>The client has said UTF8. RFC 6856 §2.1.</summary>
    public bool IsUtf8 { get; set; }

    public Pop3States State => Maildrop is null ? Pop3States.Authorization : Pop3States.Transaction;

    public AuthenticationContext AuthenticationContext => new()
    {
        Remote = Connection.Remote.Address,
        ConnectionId = Connection.Id,
        Protocol = "pop3",
        DetailDelimiter = Options.FolderDelimiter,
        IsEncrypted = Connection.Tls is not null,
        ServerEndPointBinding = Connection.Tls?.ServerEndPointBinding ?? default,
        ClientCertificate = Connection.Tls?.ClientCertificate ?? default,
    };

    /// <summary>Null where the greeting has not announced APOP, and after STLS.</summary>
    public ISaslExchange? Apop { get; private set; }

    /// <summary>Octets wait behind the line that is being executed.</summary>
    public bool HasPipelinedInput => _lines.HasBufferedInput;

    private Pop3Limits Limits => _services.Limits;

    /// <summary>From greeting to end. A lost connection throws <see cref="IOException"/>.</summary>
    public async Task<SessionEnd> RunAsync()
    {
        Connection.SetDeadline(Limits.LoginTimeout);
        Pop3Reply reply = Pop3Reply.Ok("MailAccess POP3 server ready" + await AnnounceApopAsync());
        while (true)
        {
            SessionEnd? end = await WriteReplyAsync(reply);
            if (end is { } ended)
            {
                return ended;
            }
            reply = await ReadLineAsync() switch
            {
                LineOutcome.Line => await DispatchAsync(),
                LineOutcome.TooLong => Pop3Errors.TooLong,
                LineOutcome.BareCrOrLf => Pop3Errors.BareCrOrLf,
                LineOutcome.EndOfStream => Pop3Reply.Silence(SessionEnd.ClientGone),
                _ => WhyStopped(),
            };
            reply = Count(reply);
        }
    }

    /// <summary>The last words of a session that a bug of ours ended.</summary>
    public async ValueTask<SessionEnd> SayFaultAsync()
    {
        try
        {
            WriteLine("-ERR ", $"[SYS/TEMP] internal error, see the server's log for {Connection.Id}");
            await Connection.Output.FlushAsync();
        }
        catch (Exception lost) when (lost is IOException or InvalidOperationException)
        {
            // There is nobody to tell.
        }
        return SessionEnd.Fault;
    }

    /// <summary>
    /// A challenge within AUTH, and the client's answer: false where the exchange is over, with the reply that says why.
    /// The answer is the caller's to clear.
    /// </summary>
    public async ValueTask<(byte[]? Answer, Pop3Reply? Over)> AskAsync(ReadOnlyMemory<byte> challenge)
    {
        WriteLine("+ ", Encoding.ASCII.GetString(SaslCodec.Encode(challenge.Span))); // RFC 5034 §4
        switch (await ReadLineAsync())
        {
            case LineOutcome.Line:
                SaslLineKind kind = SaslCodec.DecodeResponse(_lines.Line, out byte[] answer);
                return kind switch
                {
                    SaslLineKind.Message => (answer, null),
                    SaslLineKind.Cancelled => (null, Pop3Errors.ToReply(AuthenticationFailure.Cancelled)),
                    _ => (null, Pop3Errors.MalformedResponse),
                };
            case LineOutcome.TooLong:
                return (null, Pop3Errors.TooLong);
            case LineOutcome.BareCrOrLf:
                return (null, Pop3Errors.BareCrOrLf);
            case LineOutcome.EndOfStream:
                return (null, Pop3Reply.Silence(SessionEnd.ClientGone));
            default:
                return (null, WhyStopped());
        }
    }

    /// <summary>Turns a finished authentication into a reply; a good one opens the maildrop: the TRANSACTION state.</summary>
    public async ValueTask<Pop3Reply> FinishLoginAsync(SaslStep step)
    {
        PendingUser = null;
        if (step.Account is not { } account)
        {
            if (step.Failure is AuthenticationFailure.InvalidCredentials or AuthenticationFailure.AuthorizationDenied or AuthenticationFailure.ChannelBinding)
            {
                _failedLogins++;
            }
            Pop3Reply refused = Pop3Errors.ToReply(step.Failure);
            return _failedLogins < Limits.LoginAttemptsMax ? refused : refused.Ending(SessionEnd.TooManyErrors);
        }
        MailboxName? folder = MailboxName.Inbox;
        if (step.Detail is { } detail && !MailboxName.TryParse(detail, out folder))
        {
            return Pop3Errors.NoSuchFolder;
        }
        if (!_services.LoginDelays.TryLogin(account.Name))
        {
            return Pop3Errors.TooEarly;
        }
        StoreResult<Maildrop> opened = await Maildrop.OpenAsync(_services.Store, account.Name, folder, Options.DeletedKeyword);
        if (!opened.TryGet(out Maildrop? maildrop))
        {
            if (step.Detail is not null && opened.Error is StoreError.NotFound or StoreError.NotPermitted or StoreError.NoPermission or StoreError.InvalidName)
            {
                return Pop3Errors.NoSuchFolder; // Also what others have and do not show, and a name without messages (\Noselect).
            }
            Log.StoreFailed(_services.Logger, Connection.Id, account.Name, "open the maildrop", opened.Error);
            return Pop3Errors.ToReply(opened.Error);
        }
        Maildrop = maildrop;
        return Pop3Reply.Ok($"{maildrop.Count} messages ({maildrop.Octets} octets)");
    }

    /// <summary>A present message, or the top of it, as a multi-line reply.</summary>
    public async ValueTask<Pop3Reply> OpenMessageAsync(MessageNumber number, TopOfMessage? top, string text)
    {
        StoreResult<IMessageContent> opened = top is null ? await Maildrop!.OpenInTurnAsync(number, Limits.ReadAhead) : await Maildrop!.OpenAsync(number);
        if (!opened.TryGet(out IMessageContent? content))
        {
            return Pop3Errors.ToReply(opened.Error);
        }
        if (await MessageBody.BeginAsync(content, top, Limits) is { } body)
        {
            if (IsUtf8 || !Options.RefusesUtf8Headers || await body.HasAsciiHeaderAsync())
            {
                return Pop3Reply.Multiline(text, body);
            }
            await body.CloseAsync();
            return Pop3Errors.NeedsUtf8;
        }
        Log.StoreFailed(_services.Logger, Connection.Id, Maildrop.AccountName, "read a message", StoreError.Unavailable);
        return Pop3Errors.ToReply(StoreError.Unavailable);
    }

    /// <summary>QUIT in the TRANSACTION state: +OK only after the deletions are durable. RFC 1939 §6.</summary>
    public async ValueTask<Pop3Reply> UpdateAsync(Maildrop maildrop)
    {
        int deleted = maildrop.DeletedCount;
        StoreError error = await maildrop.UpdateAsync();
        if (error == StoreError.None)
        {
            Log.Summary(_services.Logger, Connection.Id, maildrop.AccountName, maildrop.RetrievedCount, deleted, maildrop.Total);
            return Pop3Reply.Ok("bye").Ending(SessionEnd.ClientQuit);
        }
        if (error == StoreError.NoPermission)
        {
            return Pop3Errors.MayNotRemove.Ending(SessionEnd.ClientQuit);
        }
        Log.StoreFailed(_services.Logger, Connection.Id, maildrop.AccountName, "remove deleted messages", error);
        return Pop3Reply.Error("[SYS/TEMP] deleted messages were not removed").Ending(SessionEnd.ClientQuit);
    }

    public async ValueTask DisposeAsync()
    {
        _lines.Dispose();
        if (Maildrop is not { } maildrop)
        {
            return;
        }
        StoreError error = await maildrop.FlagRetrievedAsync();
        if (error is not (StoreError.None or StoreError.NoPermission)) // Of a folder that somebody shows him to read.
        {
            Log.StoreFailed(_services.Logger, Connection.Id, maildrop.AccountName, "flag retrieved messages", error);
        }
        await maildrop.DisposeAsync();
    }

    /// <summary>The one place where the session waits.</summary>
    private async ValueTask<LineOutcome> ReadLineAsync()
    {
        if (Maildrop is not null)
        {
            Connection.SetDeadline(Limits.IdleTimeout); // For the whole line: an octet now and then does not prolong it.
        }
        await FlushUnlessMoreCameAsync();
        while (true)
        {
            LineOutcome outcome = await _lines.ReadAsync();
            if (outcome != LineOutcome.Woken || Connection.StopRequested || Connection.DeadlineExpired)
            {
                return outcome;
            }
        }
    }

    /// <summary>Answers to commands that came together leave together (RFC 2449 §6.6), but none waits for a line that has only begun.</summary>
    private async ValueTask FlushUnlessMoreCameAsync()
    {
        PipeWriter output = Connection.Output;
        if (output.UnflushedBytes == 0)
        {
            return;
        }
        if (output.UnflushedBytes >= Limits.OutputOctetsMax || !HasWholeLine())
        {
            await output.FlushAsync();
        }
    }

    private bool HasWholeLine()
    {
        if (!Connection.Input.TryRead(out ReadResult pending))
        {
            return false;
        }
        bool isWhole = pending.Buffer.PositionOf((byte)'\n') is not null;
        Connection.Input.AdvanceTo(pending.Buffer.Start);
        if (pending.IsCanceled)
        {
            Connection.Input.CancelPendingRead(); // A question must not swallow a wake.
        }
        return isWhole;
    }

    private async ValueTask<Pop3Reply> DispatchAsync()
    {
        // Look up.
        ReadOnlyMemory<byte> line = _lines.LineMemory;
        if (!Pop3Commands.TryFind(line.Span, out Pop3Command? command, out int argumentsStart))
        {
            return State == Pop3States.Authorization && Pop3Commands.IsForeign(line.Span)
                ? Pop3Reply.Error("this is a POP3 server").Ending(SessionEnd.ProtocolViolation)
                : Pop3Errors.UnknownCommand;
        }
        // Gate.
        if (line.Length > Limits.CommandOctetsMax && command.Verb != "AUTH")
        {
            return Pop3Errors.TooLong;
        }
        if (!command.States.HasFlag(State))
        {
            return State == Pop3States.Authorization ? Pop3Errors.NotLoggedIn : Pop3Errors.LoggedIn;
        }
        if (command.Verb != "PASS")
        {
            PendingUser = null; // PASS comes right behind USER or not at all: RFC 1939 §7.
        }
        // Run.
        return await command.ExecuteAsync(this, new Pop3Arguments(line[argumentsStart..]));
    }

    /// <summary>Errors add up to an end.</summary>
    private Pop3Reply Count(Pop3Reply reply)
    {
        _errors += reply.IsOk ? 0 : 1;
        return _errors >= Limits.ErrorsMax && reply.Next == Pop3Next.Continue ? reply.Ending(SessionEnd.TooManyErrors) : reply;
    }

    /// <summary>
    /// RFC 1939 §3: on a time-out the server closes without a word. On a shutdown the client may know that it is not its fault.
    /// </summary>
    private Pop3Reply WhyStopped() => Connection.StopRequested
        ? Pop3Reply.Error("[SYS/TEMP] server is shutting down").Ending(SessionEnd.Shutdown)
        : Pop3Reply.Silence(SessionEnd.IdleTimeout);

    private async ValueTask<SessionEnd?> WriteReplyAsync(Pop3Reply reply)
    {
        if (reply.Text is { } text)
        {
            WriteLine(reply.IsOk ? "+OK " : "-ERR ", text);
        }
        if (reply.Body is { } body)
        {
            bool isWhole;
            try
            {
                isWhole = await body.WriteAsync(Connection.Output, Limits);
            }
            finally
            {
                await body.CloseAsync();
            }
            if (!isWhole)
            {
                Log.MessageCutOff(_services.Logger, Connection.Id, Maildrop?.AccountName ?? "");
                Connection.Abort();
                return SessionEnd.Fault;
            }
        }
        switch (reply.Next)
        {
            case Pop3Next.HangUp:
                await Connection.Output.FlushAsync();
                return reply.End;
            case Pop3Next.UpgradeToTls:
                return await UpgradeToTlsAsync();
            default:
                return null;
        }
    }

    /// <summary>
    /// RFC 2595 §4. What was sent behind STLS in plaintext ends the session: nothing said before the handshake may be believed after it.
    /// </summary>
    private async ValueTask<SessionEnd?> UpgradeToTlsAsync()
    {
        await Connection.Output.FlushAsync();
        if (!await Connection.UpgradeToTlsAsync())
        {
            return SessionEnd.TlsFailed;
        }
        _lines.Dispose();
        _lines = new LineReader(Connection.Input, Limits.AuthLineOctetsMax);
        PendingUser = null;
        Apop = null;
        Connection.SetDeadline(Limits.LoginTimeout);
        return null;
    }

    /// <summary>A timestamp in angle brackets behind the greeting announces APOP: RFC 1939 §7.</summary>
    private async ValueTask<string> AnnounceApopAsync()
    {
        Apop = Options.OffersApop ? Authenticator.BeginApop(AuthenticationContext) : null;
        return Apop is not null && (await Apop.RespondAsync(null, CancellationToken.None)).Challenge is { } timestamp
            ? " " + Encoding.ASCII.GetString(timestamp.Span) : "";
    }

    private void WriteLine(string status, string text)
    {
        Encoding.ASCII.GetBytes(status, Connection.Output);
        Encoding.ASCII.GetBytes(text, Connection.Output);
        Connection.Output.Write("\r\n"u8);
    }
}
