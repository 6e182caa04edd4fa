using System.Text;
using MailAccess.Auth;
using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>BURL — RFC 4468 §3.2: a message, or a piece of one, that lies on this server comes by its URL. The rest is <see cref="ChunkReceiver"/>'s.</summary>
internal static class BurlCommand
{
    public static readonly SubmissionCommand Definition = new("BURL", CommandTraits.NeedsHello | CommandTraits.Url, Execute)
    {
        IsOffered = static session => SubmissionCommand.MaySend(session) && session.Urls is not null,
    };

    /// <summary>ehlo-line of RFC 4468 §3.1, §3.3; null: not for this client. Without argument: after AUTH.</summary>
    public static string? Keyword(SubmissionSession session) =>
        session.Urls is not { } urls ? null
        : session.AuthenticatedAccount is not { } account ? "BURL"
        : urls.OfferTo(account) is { } arguments ? $"BURL {arguments}" : null;

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        if (session.Urls is not { } urls)
        {
            return new CommandResult(SmtpReplies.NotImplemented); // RFC 4468 §3.1: not where other servers' mail comes in.
        }
        if (session.AuthenticatedAccount is not { } account)
        {
            return new CommandResult(SmtpReplies.AuthenticationRequired); // Who sends for an account without login reads none of its mail.
        }
        if (urls.OfferTo(account) is null)
        {
            return new CommandResult(SmtpReplies.NotImplemented);
        }
        // burl-cmd = "BURL" SP absolute-URI [SP end-marker] CRLF     RFC 4468 §3.5
        arguments = arguments.Trim((byte)' ');
        int space = arguments.IndexOf((byte)' ');
        ReadOnlySpan<byte> url = space < 0 ? arguments : arguments[..space];
        ReadOnlySpan<byte> marker = space < 0 ? [] : arguments[space..].TrimStart((byte)' ');
        if (url.IsEmpty || !(marker.IsEmpty || Ascii.EqualsIgnoreCase(marker, "LAST"u8)))
        {
            return new CommandResult(url.IsEmpty ? SmtpReplies.MissingArgument : SmtpReplies.BadEndMarker);
        }
        if (MessageStart.Check(session) is { } refusal)
        {
            return new CommandResult(refusal); // Nothing is resolved: §3.2.
        }
        session.Url = new UrlChunk(url.ToArray(), account, !marker.IsEmpty);
        return new CommandResult(null, FollowUp.Url);
    }

    /// <summary>RFC 4468 §6, with the enhanced codes of its §5; X.7.8 has another meaning (RFC 4954), its registered number is X.7.14. Pure and total.</summary>
    internal static SmtpReply ToReply(MessageUrlProblem problem) => problem switch
    {
        MessageUrlProblem.Malformed => SmtpReplies.UrlNotResolved,
        MessageUrlProblem.OtherServer => SmtpReplies.UrlNeedsTrust,
        MessageUrlProblem.NotAuthorized => SmtpReplies.UrlNotAuthorized,
        MessageUrlProblem.NotAvailable => SmtpReplies.UrlNotResolved,
        MessageUrlProblem.Temporary => SmtpReplies.UrlUnavailable,
        MessageUrlProblem.None => throw new ArgumentException("nothing is wrong"),
        _ => throw new ArgumentOutOfRangeException(nameof(problem)),
    };
}

/// <summary>What BURL names. With its URL anybody may read the message who is meant by it: not for logs.</summary>
internal sealed record UrlChunk(ReadOnlyMemory<byte> Url, Account Account, bool IsLast);
