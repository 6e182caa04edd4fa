using System.Globalization;
using System.Text;
using MailAccess.Message;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>What a message asks for, against what a server announced: whether it can have it, and in what words it is offered. Pure.</summary>
internal sealed class TransactionTerms(SpoolMessage message, PeerExtensions peer, bool isSecure, bool isLmtp, QueueOptions options, DateTimeOffset now)
{
    private static readonly SmtpReply NeedsEightBit = new(550, new(5, 6, 3), "the message needs 8BITMIME, which the server does not offer");

    private static readonly SmtpReply NeedsUtf8 = new(550, new(5, 6, 7), "the message needs SMTPUTF8, which the server does not offer"); // RFC 6531 §3.5
    private static readonly SmtpReply NeedsDeliverBy = new(550, new(5, 3, 3), "the message must arrive in time, which the server does not watch (DELIVERBY)");
    private static readonly SmtpReply TooShort = new(554, Aftermath.DeliveryTimeExpired, "the time left is less than the server needs");

    /// <summary>What a recipient that the server takes over has become.</summary>
    public RecipientStatus Taken =>
        message.DeliverBy is { Trace: true } || LosesDeadline ? RecipientStatus.RelayedTraced
        // Behind LMTP is the mailbox, not another server: RFC 2033 §3.
        : isLmtp && !peer.Has(SmtpExtensions.Dsn) ? RecipientStatus.Delivered
        // Only a server that knows DSN will tell of success: else that is our task, RFC 3461 §5.2.2.
        : peer.Has(SmtpExtensions.Dsn) ? RecipientStatus.Relayed : RecipientStatus.RelayedBlind;

    /// <summary>The content has octets above 127, and the server knows no such: RFC 6152 §3.</summary>
    public bool NeedsConversion => LacksEightBit && !options.RefuseEightBitDowngrade;

    /// <summary>Nothing has gone wrong with this message so far.</summary>
    public bool IsFirstAttempt => message.Attempts <= 1;

    private bool LacksEightBit => (message.Traits & ContentTraits.EightBit) != 0 && !peer.Has(SmtpExtensions.EightBitMime);

    // Whole seconds; less than one is none.
    private int? SecondsLeft => message.DeliverBy is { } by
        ? (int)Math.Clamp(Math.Floor((by.At - now).TotalSeconds), -DeliverByParameter.SecondsMax, DeliverByParameter.SecondsMax)
        : null;

    // RFC 2852 §4.1.4.2: nobody behind this server will watch the time.
    private bool LosesDeadline => message.DeliverBy is { Mode: DeliverByMode.Notify } by && by.At > now && !peer.Has(SmtpExtensions.DeliverBy);

    /// <summary>Why this recipient cannot be offered here, for good; null: it can.</summary>
    /// <param name="index">The recipient's.</param>
    /// <param name="conversion">What <see cref="NeedsConversion"/> led to; null: it is not needed.</param>
    public SmtpReply? WhyNot(int index, SevenBitConversion? conversion)
    {
        long octets = conversion?.Octets ?? message.Octets;
        if (octets > (peer.SizeMax ?? long.MaxValue))
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"the message has {octets} octets, the server takes {peer.SizeMax}");
            return new SmtpReply(552, new(5, 3, 4), text); // RFC 1870 §6.2
        }
        if (NeedsUtf8For(index) && !peer.Has(SmtpExtensions.SmtpUtf8))
        {
            return NeedsUtf8;
        }
        if (conversion is { Plan.IsPossible: false } || (options.RefuseEightBitDowngrade && LacksEightBit))
        {
            return NeedsEightBit;
        }
        if (message.RequiresTls && !isSecure && !message.ReversePath.IsNull)
        {
            return RemoteConnector.RequireTlsUnsupported;
        }
        if (message.DeliverBy is not { Mode: DeliverByMode.Return })
        {
            return null;
        }
        // RFC 2852 §4.1.4.1, and §7: no other exchanger is asked.
        return !peer.Has(SmtpExtensions.DeliverBy) ? NeedsDeliverBy : SecondsLeft < Math.Max(1, peer.DeliverByMin) ? TooShort : null;
    }

    /// <summary>What follows MAIL.</summary>
    public string Mail(IReadOnlyList<int> recipients, SevenBitConversion? conversion) => SmtpCommandFormat.Mail(
        new MailRequest
        {
            ReversePath = Offered(message.ReversePath),
            Size = new SizeParameter(conversion?.Octets ?? message.Octets),
            Body = conversion is null && ((message.Traits & ContentTraits.EightBit) != 0 || message.Body == BodyType.EightBitMime) ? BodyType.EightBitMime : BodyType.SevenBit,
            SmtpUtf8 = message.SmtpUtf8 || !message.ReversePath.IsAscii || recipients.Any(i => !message.Recipients[i].Recipient.Path.IsAscii),
            Return = message.Return,
            EnvelopeId = message.EnvelopeId,
            DeliverBy = SecondsLeft is { } seconds ? new DeliverByParameter(seconds, message.DeliverBy!.Mode, message.DeliverBy.Trace) : null,
            Priority = message.Priority, // RFC 6710 §4.2
            RequiresTls = message.RequiresTls && isSecure, // RFC 8689 §2: a report goes without, where it must. §5
        },
        peer.Announced);

    /// <summary>What follows RCPT.</summary>
    public string Rcpt(int index)
    {
        EnvelopeRecipient recipient = message.Recipients[index].Recipient;
        recipient = recipient with { Path = Offered(recipient.Path) };
        if (recipient.OriginalRecipient is { } original && !peer.Has(SmtpExtensions.SmtpUtf8))
        {
            recipient = recipient with { OriginalRecipient = Utf8AddressText.FromUnitext(original) }; // RFC 6533 §3
        }
        if (LosesDeadline && recipient.Notify != DsnNotify.Never)
        {
            // RFC 2852 §4.1.4.2: so that at least a delay is told.
            recipient = recipient with { Notify = recipient.Notify == DsnNotify.Unspecified ? DsnNotify.Failure | DsnNotify.Delay : recipient.Notify | DsnNotify.Delay };
        }
        return SmtpCommandFormat.Rcpt(recipient, peer.Announced);
    }

    private bool NeedsUtf8For(int index) =>
        !Offered(message.ReversePath).IsAscii || !Offered(message.Recipients[index].Recipient.Path).IsAscii
        || (message.SmtpUtf8 && (message.Traits & ContentTraits.HeaderUtf8) != 0);

    /// <summary>As it can be said to this server: with the domain's A-labels where it knows no others.</summary>
    private MailPath Offered(MailPath path) => peer.Has(SmtpExtensions.SmtpUtf8) ? path : path.WithAsciiDomain();
}
