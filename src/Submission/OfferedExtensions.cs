using MailAccess.Smtp;

namespace MailAccess.Submission;

/// <summary>Which extensions a client may use now.</summary>
internal static class OfferedExtensions
{
    /// <summary>What MAIL and RCPT may use: what EHLO announces.</summary>
    public static SmtpExtensions Of(SubmissionSession session) =>
        SmtpExtensions.Size | SmtpExtensions.EightBitMime | SmtpExtensions.BinaryMime | SmtpExtensions.SmtpUtf8 | SmtpExtensions.Dsn | SmtpExtensions.DeliverBy
        | (session.Authenticator is null ? SmtpExtensions.None : SmtpExtensions.Auth)
        | (session.Role.IsLmtp ? SmtpExtensions.None : SmtpExtensions.MtPriority) // What is delivered at once overtakes nothing.
        | (session.Connection.Tls is null ? SmtpExtensions.None : SmtpExtensions.RequireTls) // RFC 8689 §2
        | (OffersFutureRelease(session) ? SmtpExtensions.FutureRelease : SmtpExtensions.None);

    /// <summary>The latest time that the greeting offered to hold a message until; whole seconds. RFC 4865 §3.</summary>
    public static DateTimeOffset LatestRelease(SubmissionSession session)
    {
        DateTimeOffset latest = session.Hello!.At + session.Limits.FutureReleaseMax;
        return latest - TimeSpan.FromTicks(latest.Ticks % TimeSpan.TicksPerSecond);
    }

    // RFC 4865 §4.2: nowhere but on submission.
    private static bool OffersFutureRelease(SubmissionSession session) =>
        session.Role.OffersAuthentication && session.Limits.FutureReleaseMax >= TimeSpan.FromSeconds(1);
}
