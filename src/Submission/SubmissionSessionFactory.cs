using System.Diagnostics.CodeAnalysis;
using MailAccess.Auth;
using MailAccess.Message;
using MailAccess.Smtp;
using MailAccess.Submission.Policy;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Submission;

/// <summary>What all sessions of a listener share.</summary>
internal sealed record SessionServices(
    SubmissionOptions Options, SubmissionLimits Limits, IMailSink Sink, IAuthenticator? Authenticator, TimeProvider Clock,
    MessageIdGenerator MessageIds, ClientPolicy Policy, ILogger Log)
{
    /// <summary>Null where there is no BURL.</summary>
    public IMessageUrls? Urls { get; init; }
}

/// <summary>
/// Runs the conversations of one listener: submission, exchange or LMTP, as <see cref="SubmissionOptions.Role"/> says. Thread-safe.
/// </summary>
public sealed class SubmissionSessionFactory
{
    private readonly SessionServices _services;

    /// <summary>An authenticator is needed for submission; it and the URLs, which may be null, are ignored by the other roles.</summary>
    /// <exception cref="ArgumentException">Submission without authenticator, or a host name that is none.</exception>
    public SubmissionSessionFactory(
        SubmissionOptions options, IMailSink sink, IAuthenticator? authenticator, SubmissionLimits limits, TimeProvider clock, ILogger log,
        IMessageUrls? urls = null)
    {
        if (options.Role.OffersAuthentication && authenticator is null)
        {
            throw new ArgumentException("submission needs an authenticator", nameof(authenticator));
        }
        if (!SmtpParser.IsDomain(options.HostName))
        {
            throw new ArgumentException("the host name is no domain name", nameof(options));
        }
        _services = new SessionServices(
            options, limits, sink, options.Role.OffersAuthentication ? authenticator : null, clock, new MessageIdGenerator(clock),
            new ClientPolicy(options, limits, clock, log), log)
        {
            Urls = options.Role.OffersAuthentication ? urls : null, // RFC 4468 §3.1: for submission alone.
        };
    }

    /// <summary>One conversation, from greeting to end. Does not dispose the connection.</summary>
    /// <exception cref="IOException">The connection is lost.</exception>
    public Task<SessionEnd> RunAsync(IConnection connection) => RunAsync(connection, SubmissionListener.Default);

    /// <summary>The same at a listener with traits of its own.</summary>
    /// <exception cref="IOException">The connection is lost.</exception>
    [SuppressMessage("Design", "CA1031", Justification = "The session boundary: a bug of ours ends this session and no other.")]
    public async Task<SessionEnd> RunAsync(IConnection connection, SubmissionListener listener)
    {
        await using SubmissionSession session = new(_services, connection, listener);
        try
        {
            return await session.RunAsync();
        }
        catch (IOException)
        {
            return SessionEnd.ClientGone;
        }
        catch (Exception bug)
        {
            _services.Log.SessionFault(connection.Id, bug);
            SmtpReplyFormat.Write(connection.Output, SmtpReplies.InternalError);
            await connection.Output.FlushAsync();
            return SessionEnd.Fault;
        }
    }
}
