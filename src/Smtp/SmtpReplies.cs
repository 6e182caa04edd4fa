using System.Globalization;

namespace MailAccess.Smtp;

/// <summary>
/// Everything our servers say, named by meaning, with codes of RFC 5321 §4.2.3 and enhanced codes of RFC 3463 and the
/// registry of RFC 5248.
/// </summary>
public static class SmtpReplies
{
    /// <summary>Go ahead with the TLS handshake. RFC 3207 §4.</summary>
    public static readonly SmtpReply ReadyForTls = new(220, new(2, 0, 0), "go ahead");

    /// <summary>To QUIT.</summary>
    public static readonly SmtpReply Goodbye = new(221, new(2, 0, 0), "goodbye");

    /// <summary>To RSET and NOOP.</summary>
    public static readonly SmtpReply Ok = new(250, new(2, 0, 0), "ok");

    /// <summary>To MAIL.</summary>
    public static readonly SmtpReply SenderOk = new(250, new(2, 1, 0), "sender ok");

    /// <summary>To RCPT.</summary>
    public static readonly SmtpReply RecipientOk = new(250, new(2, 1, 5), "recipient ok");

    /// <summary>To VRFY: policy is not to tell. RFC 5321 §7.3.</summary>
    public static readonly SmtpReply CannotVerify = new(252, new(2, 5, 0), "send some mail, I will try my best");

    /// <summary>To a chunk that is not the last. RFC 3030 §2.</summary>
    public static readonly SmtpReply ChunkOk = new(250, new(2, 0, 0), "chunk received");

    /// <summary>To DATA. No enhanced code with a 3yz reply: RFC 2034 §3.</summary>
    public static readonly SmtpReply StartInput = new(354, null, "end with <CRLF>.<CRLF>");

    /// <summary>AUTH succeeded. RFC 4954 §6.</summary>
    public static readonly SmtpReply Authenticated = new(235, new(2, 7, 0), "authentication succeeded");

    /// <summary>Two-phase shutdown.</summary>
    public static readonly SmtpReply ShuttingDown = new(421, new(4, 3, 2), "shutting down, try again later");

    /// <summary>The client was silent for too long.</summary>
    public static readonly SmtpReply TimedOut = new(421, new(4, 4, 2), "timed out waiting for you");

    /// <summary>Errors beyond their limit.</summary>
    public static readonly SmtpReply TooManyErrors = new(421, new(4, 7, 0), "too many errors");

    /// <summary>A bug of ours, or a fault that is none of the client's business.</summary>
    public static readonly SmtpReply InternalError = new(421, new(4, 3, 0), "internal error, try again later");

    /// <summary>Something here does not work now.</summary>
    public static readonly SmtpReply TryAgainLater = new(451, new(4, 3, 0), "temporary failure, try again later");

    /// <summary>No room.</summary>
    public static readonly SmtpReply InsufficientStorage = new(452, new(4, 3, 1), "insufficient system storage");

    /// <summary>The mailbox takes no more now. Temporary: people tidy up.</summary>
    public static readonly SmtpReply MailboxFull = new(452, new(4, 2, 2), "mailbox full");

    /// <summary>The mailbox takes no more, and the sender shall know at once. RFC 3463 §3.3.</summary>
    public static readonly SmtpReply MailboxFullForGood = new(552, new(5, 2, 2), "mailbox full");

    /// <summary>452, not 552: the client keeps the rest and sends again. RFC 5321 §4.5.3.1.10.</summary>
    public static readonly SmtpReply TooManyRecipients = new(452, new(4, 5, 3), "too many recipients");

    /// <summary>The account source cannot be asked now. RFC 4954 §6.</summary>
    public static readonly SmtpReply TooManyFailedLogins = new(454, new(4, 7, 0), "too many failed logins, try again later"); // RFC 4954 §6: temporary.
    public static readonly SmtpReply AuthenticationUnavailable = new(454, new(4, 7, 0), "temporary authentication failure");

    /// <summary>The account source cannot be asked now, before the client has said anything.</summary>
    public static readonly SmtpReply AccountsUnavailable = new(421, new(4, 3, 0), "temporary failure, try again later");

    /// <summary>No such command.</summary>
    public static readonly SmtpReply UnknownCommand = new(500, new(5, 5, 1), "command not recognized");

    /// <summary>EHLO and HELO to an LMTP server, LHLO to an SMTP server. RFC 2033 §4.1.</summary>
    public static readonly SmtpReply WrongProtocol = new(500, new(5, 5, 1), "wrong greeting for this protocol");

    /// <summary>A command line beyond its limit. RFC 5321 §4.5.3.1.4.</summary>
    public static readonly SmtpReply LineTooLong = new(500, new(5, 5, 2), "line too long");

    /// <summary>A line of an exchange beyond its limit. RFC 4954 §4.</summary>
    public static readonly SmtpReply AuthenticationLineTooLong = new(500, new(5, 5, 6), "authentication exchange line is too long");

    /// <summary>CR or LF alone in a command. RFC 5321 §2.3.8.</summary>
    public static readonly SmtpReply BareLineEnd = new(500, new(5, 5, 2), "bare CR or LF not allowed");

    /// <summary>An argument where none may be.</summary>
    public static readonly SmtpReply UnexpectedArgument = new(501, new(5, 5, 4), "no argument allowed");

    /// <summary>An argument is missing.</summary>
    public static readonly SmtpReply MissingArgument = new(501, new(5, 5, 4), "argument missing");

    /// <summary>The client sent <c>*</c>. RFC 4954 §4.</summary>
    public static readonly SmtpReply AuthenticationCancelled = new(501, new(5, 7, 0), "authentication cancelled");

    /// <summary>Not base64, or not what the mechanism wants. RFC 4954 §4.</summary>
    public static readonly SmtpReply AuthenticationMalformed = new(501, new(5, 5, 2), "cannot decode the response");

    /// <summary>HOLDFOR or HOLDUNTIL beyond what EHLO announced, or no future time. RFC 4865 §4.2.</summary>
    public static readonly SmtpReply HoldOutOfRange = new(501, new(5, 5, 4), "release time is not within what FUTURERELEASE allows");

    /// <summary>Released only when it must have been delivered. RFC 4865 §5.2.2.</summary>
    public static readonly SmtpReply HoldBeyondDeadline = new(501, new(5, 5, 4), "release time is later than BY");

    /// <summary>XCLIENT or XFORWARD with an attribute that is unknown, given twice, or no value for it.</summary>
    public static readonly SmtpReply BadAttribute = new(501, new(5, 5, 4), "attributes expected, each name=value");

    /// <summary>Known, but not here.</summary>
    public static readonly SmtpReply NotImplemented = new(502, new(5, 5, 1), "command not implemented");

    /// <summary>Before EHLO.</summary>
    public static readonly SmtpReply NeedHello = new(503, new(5, 5, 1), "say hello first");

    /// <summary>RCPT or DATA before MAIL.</summary>
    public static readonly SmtpReply NeedMail = new(503, new(5, 5, 1), "need MAIL first");

    /// <summary>DATA before RCPT.</summary>
    public static readonly SmtpReply NeedRecipient = new(503, new(5, 5, 1), "need RCPT first");

    /// <summary>DATA after every RCPT was refused. RFC 5321 §3.3.</summary>
    public static readonly SmtpReply NoValidRecipients = new(554, new(5, 5, 1), "no valid recipients");

    /// <summary>MAIL inside a transaction. RFC 5321 §4.1.4.</summary>
    public static readonly SmtpReply NestedMail = new(503, new(5, 5, 1), "nested MAIL");

    /// <summary>DATA or RCPT between the chunks of a message. RFC 3030 §2.</summary>
    public static readonly SmtpReply ChunksUnderWay = new(503, new(5, 5, 1), "chunks of a message are under way");

    /// <summary>DATA after BODY=BINARYMIME. RFC 3030 §3.</summary>
    public static readonly SmtpReply BinaryNeedsChunks = new(503, new(5, 5, 1), "BODY=BINARYMIME needs BDAT");

    /// <summary>A chunk behind one that was refused. RFC 3030 §2.</summary>
    public static readonly SmtpReply TransactionFailed = new(503, new(5, 5, 1), "the transaction has failed, send RSET");

    /// <summary>BDAT that says not how many octets follow: what comes then could be anything. RFC 3030 §2.</summary>
    public static readonly SmtpReply BadChunkSize = new(501, new(5, 5, 4), "BDAT wants the octets of the chunk, and LAST if it is");

    /// <summary>BURL with something else than LAST behind its URL. RFC 4468 §3.5.</summary>
    public static readonly SmtpReply BadEndMarker = new(501, new(5, 5, 4), "LAST or nothing behind the URL");

    /// <summary>What a URL names is not there, or it names nothing. RFC 4468 §6.</summary>
    public static readonly SmtpReply UrlNotResolved = new(554, new(5, 6, 6), "URL resolution failed");

    /// <summary>The URL is not authorized for this client, or not any more. RFC 4468 §3.4.</summary>
    public static readonly SmtpReply UrlNotAuthorized = new(554, new(5, 7, 0), "URL authorization failed");

    /// <summary>A URL of a server that we do not ask. RFC 4468 §6; its X.7.8 is X.7.14 in the registry of RFC 5248.</summary>
    public static readonly SmtpReply UrlNeedsTrust = new(554, new(5, 7, 14), "URL resolution requires trust relationship");

    /// <summary>What a URL names cannot be read now. RFC 4468 §5: X.6.6 may be temporary.</summary>
    public static readonly SmtpReply UrlUnavailable = new(451, new(4, 6, 6), "URL cannot be resolved now, try again later");

    /// <summary>STARTTLS under TLS.</summary>
    public static readonly SmtpReply AlreadyEncrypted = new(503, new(5, 5, 1), "TLS is active already");

    /// <summary>A second AUTH. RFC 4954 §4.</summary>
    public static readonly SmtpReply AlreadyAuthenticated = new(503, new(5, 5, 1), "already authenticated");

    /// <summary>AUTH inside a transaction. RFC 4954 §4.</summary>
    public static readonly SmtpReply NotDuringTransaction = new(503, new(5, 5, 1), "not during a mail transaction");

    /// <summary>RFC 4954 §4.</summary>
    public static readonly SmtpReply UnknownMechanism = new(504, new(5, 5, 4), "unrecognized authentication mechanism");

    /// <summary>RFC 4954 §6, RFC 6409 §4.3.</summary>
    public static readonly SmtpReply AuthenticationRequired = new(530, new(5, 7, 0), "authentication required");

    /// <summary>RFC 4954 §6: which of name and password was wrong is never said.</summary>
    public static readonly SmtpReply InvalidCredentials = new(535, new(5, 7, 8), "authentication credentials invalid");

    /// <summary>RFC 4954 §6: another password would not help.</summary>
    public static readonly SmtpReply ChannelBindingFailed = new(535, new(5, 7, 8), "channel binding failed");

    /// <summary>RFC 4954 §6.</summary>
    public static readonly SmtpReply EncryptionRequired = new(538, new(5, 7, 11), "encryption required for the requested mechanism");

    /// <summary>XCLIENT or XFORWARD of somebody who is no proxy of ours.</summary>
    public static readonly SmtpReply NotAProxy = new(550, new(5, 7, 0), "insufficient authorization");

    /// <summary>A domain of ours, but nobody there.</summary>
    public static readonly SmtpReply UnknownRecipient = new(550, new(5, 1, 1), "no such user here");

    /// <summary>Somewhere else, for somebody who may not relay.</summary>
    public static readonly SmtpReply RelayDenied = new(550, new(5, 7, 1), "relaying denied");

    /// <summary>A From field that the account does not own.</summary>
    public static readonly SmtpReply FromNotOwned = new(550, new(5, 7, 1), "From address is not owned by your account");

    /// <summary>A From field that cannot be read, or none, where it must be checked. RFC 5322 §3.6.2.</summary>
    public static readonly SmtpReply FromUnreadable = new(550, new(5, 6, 0), "From field missing or malformed");

    /// <summary>CR or LF alone in the message: what others take for a line end, and smuggle by. RFC 5321 §2.3.8.</summary>
    public static readonly SmtpReply BareLineEndInMessage = new(550, new(5, 6, 0), "bare CR or LF in the message");

    /// <summary>A line that is a dot for who drops NUL: an end of the message that we do not see. RFC 5322 §4 has NUL in no message.</summary>
    public static readonly SmtpReply HiddenDot = new(550, new(5, 6, 0), "NUL before a dot at the start of a line");

    /// <summary>A message by BINARYMIME whose parts nobody can tell apart: what is binary in it is not known. RFC 3030 §3.</summary>
    public static readonly SmtpReply BinaryUnknown = new(554, new(5, 6, 0), "too many parts, or too long headers, to see what is binary");

    /// <summary>A text line beyond the limit; at least 1000 octets are taken: RFC 5321 §4.5.3.1.6.</summary>
    public static readonly SmtpReply TextLineTooLong = new(550, new(5, 6, 0), "line too long in the message");

    /// <summary>RFC 1870 §6.1 (declared) and §6.3 (counted).</summary>
    public static readonly SmtpReply MessageTooBig = new(552, new(5, 3, 4), "message too big");

    /// <summary>The header alone is beyond its limit.</summary>
    public static readonly SmtpReply HeaderTooBig = new(552, new(5, 3, 4), "message header too big");

    /// <summary>To VRFY: a name that stands for several mailboxes. RFC 5321 §3.5.1.</summary>
    public static readonly SmtpReply Ambiguous = new(553, new(5, 1, 4), "the name is ambiguous, say the domain");

    /// <summary>MAIL FROM that the account does not own.</summary>
    public static readonly SmtpReply SenderNotOwned = new(553, new(5, 7, 1), "sender address is not owned by your account");

    /// <summary>Too many Received fields. RFC 5321 §6.3.</summary>
    public static readonly SmtpReply RoutingLoop = new(554, new(5, 4, 6), "too many hops");

    /// <summary>Octets before the greeting. RFC 5321 §4.3.1.</summary>
    public static readonly SmtpReply SpokeTooEarly = new(554, new(5, 5, 1), "you must wait for the greeting");

    /// <summary>Another protocol on this port.</summary>
    public static readonly SmtpReply NotYourProtocol = new(554, new(5, 5, 1), "this is SMTP, goodbye");

    /// <summary>Connections of a network come too quickly.</summary>
    public static SmtpReply TooManyConnections(TimeSpan wait) => new(421, new(4, 7, 0), "too many connections from your network, " + Again(wait));

    /// <summary>Messages of a network or an account come too quickly. Temporary: a server keeps them, a person is told.</summary>
    public static SmtpReply TooManyMessages(TimeSpan wait) => new(450, new(4, 7, 1), "too many messages, " + Again(wait));

    /// <summary>Recipients of a network or an account come too quickly.</summary>
    public static SmtpReply TooManyRecipientsOverTime(TimeSpan wait) => new(450, new(4, 7, 1), "too many recipients, " + Again(wait));

    /// <summary>To VRFY: the mailbox. RFC 5321 §3.5.1. Of the client's octets only what the grammar of paths let in.</summary>
    public static SmtpReply Verified(MailPath path) => new(250, new(2, 1, 5), $"<{path}>");

    /// <summary>To MAIL that asked for a higher priority than it may have. RFC 6710 §4.1: the number, and words for people.</summary>
    public static SmtpReply SenderOkWithPriority(int priority) => new(250, new(2, 3, 6), $"{priority} is the new priority of the message");

    /// <summary>What is wrong with MAIL, RCPT or a greeting, as a reply to a sender's path.</summary>
    public static SmtpReply SenderSyntax(SmtpSyntaxError error) => Syntax(error, new EnhancedCode(5, 1, 7));

    /// <summary>As <see cref="SenderSyntax"/>, for a recipient's path.</summary>
    public static SmtpReply RecipientSyntax(SmtpSyntaxError error) => Syntax(error, new EnhancedCode(5, 1, 3));

    private static string Again(TimeSpan wait)
    {
        int minutes = (int)Math.Ceiling(wait.TotalMinutes);
        return minutes < 120 ? string.Create(CultureInfo.InvariantCulture, $"try again in {minutes} min")
            : string.Create(CultureInfo.InvariantCulture, $"try again in {(int)Math.Ceiling(wait.TotalHours)} h");
    }

    private static SmtpReply Syntax(SmtpSyntaxError error, EnhancedCode address)
    {
        EnhancedCode parameter = new(5, 5, 4);
        EnhancedCode command = new(5, 5, 2);
        return error switch
        {
            SmtpSyntaxError.None => throw new ArgumentException("nothing is wrong"),
            SmtpSyntaxError.MissingArgument => new(501, command, "FROM: or TO: or a name expected"),
            SmtpSyntaxError.UnexpectedArgument => UnexpectedArgument,
            SmtpSyntaxError.MissingBracket => new(501, command, "address in angle brackets expected"),
            SmtpSyntaxError.MissingDomain => new(501, address, "address has no domain"),
            SmtpSyntaxError.NullForwardPath => new(501, address, "the null path cannot receive"),
            SmtpSyntaxError.BadSourceRoute => new(501, address, "malformed source route"),
            SmtpSyntaxError.BadLocalPart => new(501, address, "malformed local part"),
            SmtpSyntaxError.LocalPartTooLong => new(501, address, "local part too long"),
            SmtpSyntaxError.BadDomain => new(501, address, "malformed domain"),
            SmtpSyntaxError.DomainTooLong => new(501, address, "domain too long"),
            SmtpSyntaxError.LabelTooLong => new(501, address, "label in domain too long"),
            SmtpSyntaxError.BadAddressLiteral => new(501, address, "malformed address literal"),
            SmtpSyntaxError.BadUtf8 => new(501, address, "not UTF-8"),
            SmtpSyntaxError.NeedsSmtpUtf8 => new(553, new EnhancedCode(5, 6, 7), "non-ASCII address needs SMTPUTF8"), // RFC 6531 §3.5
            SmtpSyntaxError.BadHelloName => new(501, parameter, "that cannot be a name"),
            SmtpSyntaxError.BadParameter => new(501, parameter, "malformed parameter"),
            SmtpSyntaxError.DuplicateParameter => new(501, parameter, "parameter given twice"),
            SmtpSyntaxError.UnknownParameter => new(555, parameter, "parameter not recognized"), // RFC 5321 §4.1.1.11
            SmtpSyntaxError.BadSize => new(501, parameter, "malformed SIZE"),
            SmtpSyntaxError.BadBody => new(501, parameter, "BODY is 7BIT, 8BITMIME or BINARYMIME"),
            SmtpSyntaxError.BadSmtpUtf8 => new(501, parameter, "SMTPUTF8 has no value"),
            SmtpSyntaxError.BadAuth => new(501, parameter, "malformed AUTH"),
            SmtpSyntaxError.BadReturn => new(501, parameter, "RET is FULL or HDRS"),
            SmtpSyntaxError.BadEnvelopeId => new(501, parameter, "malformed ENVID"),
            SmtpSyntaxError.BadNotify => new(501, parameter, "malformed NOTIFY"),
            SmtpSyntaxError.BadOriginalRecipient => new(501, parameter, "malformed ORCPT"),
            SmtpSyntaxError.BadHold => new(501, parameter, "HOLDFOR wants seconds, HOLDUNTIL a date and time in UTC"),
            SmtpSyntaxError.BadDeliverBy => new(501, parameter, "BY wants seconds, and R or N; R more than none"), // RFC 2852 §4
            SmtpSyntaxError.BadPriority => new(501, command, "MT-PRIORITY is a number from -9 to 9"), // RFC 6710 §4.1
            SmtpSyntaxError.BadRequireTls => new(501, parameter, "REQUIRETLS has no value"),
            _ => throw new ArgumentOutOfRangeException(nameof(error)),
        };
    }
}
