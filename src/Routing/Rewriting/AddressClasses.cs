namespace MailAccess.Routing;

/// <summary>What an address of a message is: Postfix's canonical_classes and masquerade_classes.</summary>
[Flags]
public enum AddressClasses
{
    /// <summary>None of them.</summary>
    None = 0,
    /// <summary>The reverse-path.</summary>
    EnvelopeSender = 1,
    /// <summary>A forward-path.</summary>
    EnvelopeRecipient = 2,
    /// <summary>In From, Sender, Reply-To and the like.</summary>
    HeaderSender = 4,
    /// <summary>In To, Cc, Bcc and the like.</summary>
    HeaderRecipient = 8,
    /// <summary>All in the envelope and the header.</summary>
    All = EnvelopeSender | EnvelopeRecipient | HeaderSender | HeaderRecipient,
}
