using System.Globalization;

namespace MailAccess.Queue;

/// <summary>How a connection is encrypted.</summary>
public enum TlsPolicy
{
    /// <summary>Not.</summary>
    Never,
    /// <summary>Where the server offers it, without looking at its certificate; if the handshake fails, plain. RFC 7435.</summary>
    Opportunistic,
    /// <summary>Always, without looking at the certificate.</summary>
    Required,
    /// <summary>Always, and the certificate must be valid for the host's name.</summary>
    Verified,
}

/// <summary>For AUTH PLAIN. Never in logs.</summary>
public sealed class SmtpCredentials(string userName, string password)
{
    internal string UserName { get; } = userName;

    internal string Password { get; } = password;

    /// <inheritdoc/>
    public override string ToString() => UserName;
}

/// <summary>A fixed next hop: no MX is looked up for it.</summary>
public sealed record Route
{
    /// <summary>A host name or an IP address.</summary>
    public required string Host { get; init; }

    /// <summary>Its port.</summary>
    public int Port { get; init; } = 25;

    /// <summary>Encryption by STARTTLS.</summary>
    public TlsPolicy Tls { get; init; } = TlsPolicy.Opportunistic;

    /// <summary>TLS from the first octet (port 465, RFC 8314 §3.3); <see cref="Tls"/> then says only whether the certificate is looked at.</summary>
    public bool ImplicitTls { get; init; }

    /// <summary>Log in with these; sent only under TLS, unless <see cref="AllowPlaintextAuth"/>.</summary>
    public SmtpCredentials? Credentials { get; init; }

    /// <summary>The way to this host is safe without TLS.</summary>
    public bool AllowPlaintextAuth { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}");
}

/// <summary>What a message needs of TLS, beside what is configured. RFC 8689.</summary>
internal enum TlsNeed
{
    /// <summary>Nothing.</summary>
    AsConfigured,
    /// <summary>A verified server that announces REQUIRETLS, or no delivery. §4.2.1.</summary>
    Required,
    /// <summary>The same where there is one, else any: a report must not be lost. §5.</summary>
    Preferred,
    /// <summary>Any server, encrypted where it can be, whatever else is the rule. §4.2.2.</summary>
    Optional,
}

/// <summary>Where a group of recipients goes: the same connection serves all with an equal destination.</summary>
/// <param name="Domain">The domain whose mail exchangers are asked, or null for a fixed route.</param>
/// <param name="Fixed">The route, or null.</param>
/// <param name="Tls">What the messages need of the way there.</param>
internal sealed record Destination(string? Domain, Route? Fixed, TlsNeed Tls = TlsNeed.AsConfigured)
{
    public override string ToString() => Fixed?.ToString() ?? Domain!;
}
