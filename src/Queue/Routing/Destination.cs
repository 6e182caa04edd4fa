using MailAccess.Routing;

namespace MailAccess.Queue;

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
/// <param name="Hop">The next hop.</param>
/// <param name="Tls">What the messages need of the way there.</param>
internal sealed record Destination(NextHop Hop, TlsNeed Tls = TlsNeed.AsConfigured)
{
    public override string ToString() => Hop.ToString();
}
