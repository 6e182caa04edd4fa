using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>The conversation is over: connection lost, time out, nonsense. With what to write down for the recipients concerned.</summary>
internal sealed class SmtpFailureException(SmtpReply reply, Exception? inner = null) : IOException(reply.Text, inner)
{
    public SmtpReply Reply { get; } = reply;
}
