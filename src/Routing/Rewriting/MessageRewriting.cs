using MailAccess.Smtp;
using Microsoft.Extensions.Logging;

namespace MailAccess.Routing;

/// <summary>What the queue needs to rewrite messages as they come in and as they leave. Thread-safe.</summary>
public sealed class MessageRewriting
{
    private readonly ILogger _logger;
    private readonly HeaderRewritingOptions _incoming;
    private readonly HeaderRewritingOptions _outgoing;

    /// <summary>The tables stay their owner's.</summary>
    public MessageRewriting(RewritingOptions options, ILogger<MessageRewriting> logger)
    {
        _logger = logger;
        Incoming = new AddressRewriter(options);
        Outgoing = new GenericRewriter(options);
        _incoming = new HeaderRewritingOptions { Origin = options.Origin, FieldOctetsMax = options.FieldOctetsMax, AddressesMax = options.HeaderAddressesMax };
        _outgoing = _incoming with { Origin = null };
    }

    /// <summary>For the envelope and the header of mail that comes in.</summary>
    public IAddressRewriter Incoming { get; }

    /// <summary>For the envelope and the header of mail that leaves by SMTP.</summary>
    public IAddressRewriter Outgoing { get; }

    /// <summary>Anything is done to mail that leaves.</summary>
    public bool ChangesOutgoing => Outgoing.Classes != AddressClasses.None;

    /// <summary>
    /// Whether the message is our own clients' or our own. Mail of others stays as it is: a changed header would break its signatures (RFC 6376 §3.5).
    /// Postfix's local_header_rewrite_clients.
    /// </summary>
    public static bool IsOurs(MailOrigin origin) => origin.AccountName is not null || origin.Protocol is "submission" or "local";

    /// <summary>Logs why a message has to wait.</summary>
    public void Report(string error) => Log.RewritingFailed(_logger, error);

    /// <summary>For the header of one message that comes in.</summary>
    public HeaderAddressRewriter RewriteIncomingHeader() => new(Incoming, _incoming);

    /// <summary>For the header of one message that leaves.</summary>
    public HeaderAddressRewriter RewriteOutgoingHeader() => new(Outgoing, _outgoing);
}
