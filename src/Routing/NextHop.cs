using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace MailAccess.Routing;

/// <summary>What is spoken there.</summary>
public enum HopProtocol
{
    /// <summary>RFC 5321.</summary>
    Smtp,
    /// <summary>RFC 2033: a reply for each recipient.</summary>
    Lmtp,
}

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
    /// <summary>Always, and the certificate must be valid for the next hop's own domain or a name below it, whatever DNS says of its hosts.</summary>
    Secure,
    /// <summary>As the host's TLSA records say (RFC 7672) where it has any that DNSSEC protects; else opportunistic.</summary>
    Dane,
    /// <summary>Only where the host has such records. RFC 7672 §6.</summary>
    DaneOnly,
}

/// <summary>For AUTH PLAIN. Never in logs. Equal where both parts are: next hops that differ in nothing share a connection.</summary>
public sealed class SmtpCredentials(string userName, string password) : IEquatable<SmtpCredentials>
{
    /// <summary>The login name.</summary>
    public string UserName { get; } = userName;

    /// <summary>The password.</summary>
    public string Password { get; } = password;

    /// <inheritdoc/>
    public bool Equals(SmtpCredentials? other) => other is not null && other.UserName == UserName && other.Password == Password;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SmtpCredentials);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(UserName, Password);

    /// <inheritdoc/>
    public override string ToString() => UserName;
}

/// <summary>Where mail goes that is not delivered here: recipients with equal next hops share a connection.</summary>
/// <remarks>Exactly one of <see cref="Domain"/>, <see cref="Host"/> and <see cref="Socket"/> is set.</remarks>
public sealed record NextHop
{
    /// <summary>The domain whose mail exchangers are asked, in lower case as A-labels, or an address literal. RFC 5321 §5.1.</summary>
    public string? Domain { get; init; }

    /// <summary>A host name or an IP address: no MX is looked up for it.</summary>
    public string? Host { get; init; }

    /// <summary>The path of a Unix socket.</summary>
    public string? Socket { get; init; }

    /// <summary>What is spoken there.</summary>
    public HopProtocol Protocol { get; init; }

    /// <summary>The port; null: the protocol's own.</summary>
    public int? Port { get; init; }

    /// <summary>Encryption by STARTTLS; null: as it is configured for mail exchangers, or for a fixed host <see cref="TlsPolicy.Opportunistic"/>, where <see cref="TlsPolicy.Dane"/> is not configured. What an administrator's policies say of the next hop goes before it.</summary>
    public TlsPolicy? Tls { get; init; }

    /// <summary>TLS from the first octet (port 465, RFC 8314 §3.3); <see cref="Tls"/> then says only whether the certificate is looked at.</summary>
    public bool ImplicitTls { get; init; }

    /// <summary>Log in with these; sent only under TLS, unless <see cref="AllowPlaintextAuth"/>.</summary>
    public SmtpCredentials? Credentials { get; init; }

    /// <summary>The way to this host is safe without TLS.</summary>
    public bool AllowPlaintextAuth { get; init; }

    /// <summary>Where mail goes if there is no way to this one now; null: it waits. Postfix 3.5: several next hops, Sendmail: <c>host1:host2</c>.</summary>
    public NextHop? Fallback { get; init; }

    /// <summary>This one without those behind it.</summary>
    public NextHop Alone => Fallback is null ? this : this with { Fallback = null };

    /// <summary>This one and those behind it, in the order to try, each alone.</summary>
    public IEnumerable<NextHop> All
    {
        get
        {
            for (NextHop? hop = this; hop is not null; hop = hop.Fallback)
            {
                yield return hop.Alone;
            }
        }
    }

    /// <summary>One next hop of several; not of none.</summary>
    internal static NextHop Join(IEnumerable<NextHop> hops) =>
        hops.Reverse().Aggregate((NextHop?)null, (behind, hop) => hop with { Fallback = behind })!;

    /// <summary>What <see cref="ToString"/> writes, and <c>relay:[host]</c>, <c>smtp:host</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out NextHop? hop)
    {
        hop = text.Length == 0 ? null : TransportValue.ReadHops(text, HopProtocol.Smtp).Hop ?? TransportValue.Read(text).Hop;
        return hop is not null;
    }

    /// <summary>As tables write it: <c>example.org</c>, <c>[mx.example.org]:587</c>, <c>lmtp:unix:/run/lmtp</c>; several with commas.</summary>
    public override string ToString()
    {
        if (Fallback is not null)
        {
            return string.Join(", ", All);
        }
        string protocol = Protocol == HopProtocol.Lmtp ? "lmtp:" : "";
        string port = Port is { } p ? string.Create(CultureInfo.InvariantCulture, $":{p}") : "";
        return Socket is not null ? $"{protocol}unix:{Socket}" : Host is not null ? $"{protocol}[{Host}]{port}" : $"{protocol}{Domain}{port}";
    }
}
