namespace MailAccess.Smtp;

/// <summary>What is wrong with a command's arguments. Servers turn each member into a reply by <see cref="SmtpReplies"/>.</summary>
public enum SmtpSyntaxError
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>The command needs an argument and has none, or another than <c>FROM:</c> or <c>TO:</c>.</summary>
    MissingArgument,
    /// <summary>The command takes no argument.</summary>
    UnexpectedArgument,
    /// <summary>A path does not stand in angle brackets.</summary>
    MissingBracket,
    /// <summary>A path has a local part alone that is not <c>postmaster</c>.</summary>
    MissingDomain,
    /// <summary>The null path as a recipient.</summary>
    NullForwardPath,
    /// <summary>A source route that is none.</summary>
    BadSourceRoute,
    /// <summary>Neither Dot-string nor Quoted-string.</summary>
    BadLocalPart,
    /// <summary>RFC 5321 §4.5.3.1.1.</summary>
    LocalPartTooLong,
    /// <summary>Not a domain name.</summary>
    BadDomain,
    /// <summary>RFC 5321 §4.5.3.1.2.</summary>
    DomainTooLong,
    /// <summary>RFC 1035 §2.3.4.</summary>
    LabelTooLong,
    /// <summary>RFC 5321 §4.1.3.</summary>
    BadAddressLiteral,
    /// <summary>Octets that are not UTF-8.</summary>
    BadUtf8,
    /// <summary>An address or parameter that is not ASCII, without SMTPUTF8. RFC 6531 §3.5.</summary>
    NeedsSmtpUtf8,
    /// <summary>EHLO, HELO or LHLO with something that cannot be a name.</summary>
    BadHelloName,
    /// <summary>Not <c>keyword[=value]</c>.</summary>
    BadParameter,
    /// <summary>The same keyword twice.</summary>
    DuplicateParameter,
    /// <summary>A keyword that was not announced. RFC 5321 §4.1.1.11.</summary>
    UnknownParameter,
    /// <summary>SIZE, RFC 1870 §3.</summary>
    BadSize,
    /// <summary>BODY, RFC 6152 §2; <c>BINARYMIME</c> only where it was announced, RFC 3030 §3.</summary>
    BadBody,
    /// <summary>SMTPUTF8 has no value, RFC 6531 §3.4.</summary>
    BadSmtpUtf8,
    /// <summary>AUTH, RFC 4954 §5.</summary>
    BadAuth,
    /// <summary>RET, RFC 3461 §4.3.</summary>
    BadReturn,
    /// <summary>ENVID, RFC 3461 §4.4.</summary>
    BadEnvelopeId,
    /// <summary>NOTIFY, RFC 3461 §4.1.</summary>
    BadNotify,
    /// <summary>ORCPT, RFC 3461 §4.2.</summary>
    BadOriginalRecipient,
    /// <summary>HOLDFOR or HOLDUNTIL, RFC 4865 §3.</summary>
    BadHold,
    /// <summary>BY, RFC 2852 §4; also R with no time left.</summary>
    BadDeliverBy,
    /// <summary>MT-PRIORITY, RFC 6710 §7.</summary>
    BadPriority,
    /// <summary>REQUIRETLS has no value, RFC 8689 §2.</summary>
    BadRequireTls,
}
