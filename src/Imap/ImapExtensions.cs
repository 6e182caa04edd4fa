namespace MailAccess.Imap;

/// <summary>What changes the responses that nobody asked for, once the client has shown that it knows it. RFC 5161 §1.</summary>
[Flags]
internal enum ImapExtensions
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>They tell UIDs and mod-sequences with flags. RFC 7162 §3.1, §3.2.4.</summary>
    CondStore = 1,
    /// <summary>VANISHED stands where EXPUNGE stood. RFC 7162 §3.2.10.</summary>
    QResync = 2,
    /// <summary>Names of mailboxes and quoted strings are UTF-8, both ways. RFC 9051 §5.1, RFC 6855 §3.</summary>
    Utf8Strings = 4,
    /// <summary>Messages are shown with their headers in UTF-8, and such messages are taken. RFC 6855 §3, §4.</summary>
    Utf8Messages = 8,
    /// <summary>IMAP4rev2: ESEARCH stands where SEARCH stood, <c>\Recent</c> is no more, LIST comes with SELECT. RFC 9051 appendix E.</summary>
    Revision2 = 16,
    /// <summary>Messages have no numbers but their UIDs: UIDFETCH and VANISHED stand where FETCH and EXPUNGE stood. RFC 9586.</summary>
    UidOnly = 32,
}
