using System.Net;
using MailAccess.Auth;
using MailAccess.Submission.Policy;
using MailAccess.Wire;

namespace MailAccess.Submission;

/// <summary>Who is at the other end: who connected, or whom a proxy that may do so speaks for.</summary>
internal sealed class SessionClient(IConnection connection, IReadOnlyList<IPNetwork> proxies)
{
    /// <summary>May say whom it speaks for. What counts is who connected, not what was said since.</summary>
    public bool IsTrustedProxy { get; } = proxies.Any(p => p.Contains(connection.Remote.Address));

    /// <summary>What XCLIENT said; null: nothing.</summary>
    public ClientAttributes? Override { get; set; }

    /// <summary>What XFORWARD said of the next message; null: nothing.</summary>
    public ClientAttributes? Forwarded { get; set; }

    /// <summary>The client's address; null where a proxy said that it is unknown.</summary>
    public IPAddress? KnownAddress => Override is { TellsAddress: true } told ? told.Address : connection.Remote.Address;

    /// <summary>The same for whoever decides by it: what is unknown is one address, 0.0.0.0.</summary>
    public IPAddress Address => KnownAddress ?? IPAddress.Any;

    /// <summary>Null where nobody looks for it.</summary>
    public ClientName? Name { get; set; }

    /// <summary>Whom the address stands for, if anybody; TLS does not change it.</summary>
    public Account? AccountOfAddress { get; set; }

    /// <summary>After STARTTLS nothing counts that was said before. RFC 3207 §4.2.</summary>
    public void ForgetOverride()
    {
        AccountOfAddress = Override is null ? AccountOfAddress : null; // It was not this address that stood for somebody.
        Override = null;
    }
}
