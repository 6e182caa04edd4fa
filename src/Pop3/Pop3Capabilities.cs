namespace MailAccess.Pop3;

/// <summary>What CAPA announces: RFC 2449 §6, RFC 2595 §4, RFC 3206 §6, RFC 5034 §3, RFC 6856 §2 and §3. Each line stands for something whole.</summary>
internal static class Pop3Capabilities
{
    public static IEnumerable<string> For(Pop3Session session)
    {
        yield return "TOP";
        yield return "UIDL";
        yield return "RESP-CODES";
        yield return "AUTH-RESP-CODE";
        yield return "PIPELINING";
        yield return session.Options.ExpireDays is { } days ? $"EXPIRE {days}" : "EXPIRE NEVER";
        if (session.Options.LoginDelay > TimeSpan.Zero)
        {
            yield return $"LOGIN-DELAY {Math.Ceiling(session.Options.LoginDelay.TotalSeconds)}";
        }
        yield return "UTF8";
        yield return "LANG";
        // RFC 2449 §5: what may differ after login must be announced in both states as it is in each; USER and SASL may not differ.
        if (session.Authenticator.AllowsPlaintext(session.AuthenticationContext))
        {
            yield return "USER";
        }
        if (session.Authenticator.MechanismsFor(session.AuthenticationContext) is { Count: > 0 } mechanisms)
        {
            yield return $"SASL {string.Join(' ', mechanisms)}";
        }
        if (session.State == Pop3States.Authorization && session.Connection.CanUpgradeToTls)
        {
            yield return "STLS"; // "present and permitted in the current state", RFC 2595 §4.
        }
        yield return "IMPLEMENTATION MailAccess";
    }
}
