namespace MailAccess.Auth;

/// <summary>The mechanisms of this server.</summary>
public static class SaslMechanisms
{
    /// <summary>RFC 7677, bound to the TLS channel.</summary>
    public const string ScramSha256Plus = ScramSha256 + PlusSuffix;

    /// <summary>RFC 5802, bound to the TLS channel.</summary>
    public const string ScramSha1Plus = ScramSha1 + PlusSuffix;

    /// <summary>RFC 7677.</summary>
    public const string ScramSha256 = "SCRAM-SHA-256";

    /// <summary>RFC 5802.</summary>
    public const string ScramSha1 = "SCRAM-SHA-1";

    /// <summary>RFC 4422 appendix A: by the certificate that the client has shown under TLS.</summary>
    public const string External = "EXTERNAL";

    /// <summary>RFC 7628.</summary>
    public const string OAuthBearer = "OAUTHBEARER";

    /// <summary>OAUTHBEARER before it was standardized; what Outlook and older clients speak.</summary>
    public const string XOAuth2 = "XOAUTH2";

    /// <summary>RFC 4616.</summary>
    public const string Plain = "PLAIN";

    /// <summary>Never standardized (draft-murchison-sasl-login); what Outlook speaks.</summary>
    public const string Login = "LOGIN";

    private const string PlusSuffix = "-PLUS";

    /// <summary>All of them, strongest first.</summary>
    public static IReadOnlyList<string> All { get; } = [External, ScramSha256Plus, ScramSha1Plus, ScramSha256, ScramSha1, OAuthBearer, XOAuth2, Plain, Login];

    /// <summary>It takes an access token. Whoever reads the token can use it, too.</summary>
    internal static bool SendsToken(string mechanism) => mechanism is OAuthBearer or XOAuth2;

    internal static bool SendsPassword(string mechanism) => mechanism is Plain or Login;

    /// <summary>It needs channel binding.</summary>
    internal static bool BindsChannel(string mechanism) => mechanism.EndsWith(PlusSuffix, StringComparison.Ordinal);
}
