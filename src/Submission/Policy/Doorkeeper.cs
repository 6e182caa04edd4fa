using System.IO.Pipelines;
using MailAccess.Smtp;
using MailAccess.Wire;

namespace MailAccess.Submission.Policy;

/// <summary>What is decided of a client before it is greeted.</summary>
internal static class Doorkeeper
{
    /// <summary>Null where it may be greeted; else what it hears before we hang up.</summary>
    public static async ValueTask<SmtpReply?> RefuseAsync(SubmissionSession session, bool hasSpoken)
    {
        if (session.Policy.Connect(session.Connection.Id, session.Client.Address) is { } tooMany)
        {
            return tooMany;
        }
        // RFC 5321 §4.3.1: a client waits for the greeting. One that does not is a spammer's or somebody's proxy.
        if (session.Role.ListensForEarlyTalkers && (hasSpoken || await SpeaksBeforeGreetingAsync(session)))
        {
            return SmtpReplies.SpokeTooEarly;
        }
        return await RecognizeAsync(session);
    }

    /// <summary>The same for the client that a proxy has just named; it waited for the proxy's greeting.</summary>
    public static async ValueTask<SmtpReply?> RefuseNamedAsync(SubmissionSession session) =>
        session.Policy.Connect(session.Connection.Id, session.Client.Address) ?? await RecognizeAsync(session);

    private static async ValueTask<SmtpReply?> RecognizeAsync(SubmissionSession session)
    {
        session.Client.Name = ClientName.Of(session);
        try
        {
            session.Client.AccountOfAddress = session.Options.TrustedClients is { } trusted ? await trusted.FindAsync(session.Client.Address, CancellationToken.None) : null;
            return null;
        }
        catch (IOException failure)
        {
            session.Log.AccountsFailed(session.Connection.Id, failure);
            return SmtpReplies.AccountsUnavailable;
        }
    }

    private static async ValueTask<bool> SpeaksBeforeGreetingAsync(SubmissionSession session)
    {
        IConnection connection = session.Connection;
        if (session.Limits.EarlyTalkerDelay <= TimeSpan.Zero || session.Policy.NeedNotWait(connection.Remote.Address))
        {
            return false;
        }
        connection.SetDeadline(session.Limits.EarlyTalkerDelay);
        ReadResult read = await connection.Input.ReadAsync();
        connection.SetDeadline(null);
        bool spoke = !read.Buffer.IsEmpty;
        connection.Input.AdvanceTo(read.Buffer.Start);
        if (!spoke && !read.IsCompleted)
        {
            session.Policy.HasWaited(connection.Remote.Address);
        }
        return spoke;
    }
}
