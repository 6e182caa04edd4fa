namespace MailAccess.Imap.Grammar;

/// <summary>How a client spells names of mailboxes.</summary>
internal enum NameSpelling
{
    /// <summary>In modified UTF-7. RFC 3501 §5.1.3.</summary>
    ModifiedUtf7,
    /// <summary>So, but what holds octets above 127 is UTF-8: RFC 6855 §3 lets a client quote it that has enabled nothing.</summary>
    Either,
    /// <summary>In UTF-8, where &amp; is a character like any other; all quoted strings are UTF-8 too. RFC 6855 §3, RFC 9051 §5.1.</summary>
    Utf8,
}
