namespace MailAccess.Auth.Sasl;

/// <summary>Who somebody says he is, and how he wants to prove it.</summary>
internal sealed record LoginAttempt(string Mechanism, string LoginName, AuthenticationContext Context)
{
    /// <summary>As whom he wants to act; empty: as himself. RFC 4422 §3.4.1.</summary>
    public string AuthorizationName { get; init; } = "";

    /// <summary>What the login name turned out to say behind the account's, or null.</summary>
    public string? Detail { get; init; }

    /// <summary>Name of the app password that it was proven with, or null.</summary>
    public string? AppPassword { get; init; }

    /// <summary>The account that the login name leads to; null: none, or not asked for yet.</summary>
    public string? AccountName { get; init; }

    /// <summary>The login name for a log line that other programs match.</summary>
    public string ShownName => LogName.Show(LoginName);
}
