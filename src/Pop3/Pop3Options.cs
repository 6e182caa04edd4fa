namespace MailAccess.Pop3;

/// <summary>How a server of POP3 behaves where the RFCs leave it to its administrator.</summary>
public sealed record Pop3Options
{
    /// <summary>How unique-ids are made of messages that come from no other server.</summary>
    public UniqueIdFormat UniqueIds { get; init; } = UniqueIdFormat.Default;

    /// <summary>
    /// Set on deleted messages in place of removing them: they are gone for POP3 and stay for IMAP. Null: QUIT removes them for good.
    /// </summary>
    public string? DeletedKeyword { get; init; }

    /// <summary>
    /// What stands in a login name between the account's and a folder's, which is then opened in place of INBOX; null: names are accounts' only.
    /// </summary>
    public char? FolderDelimiter { get; init; }

    /// <summary>The greeting announces APOP (RFC 1939 §7), which proves passwords that are kept in plain without sending them, by MD5.</summary>
    public bool OffersApop { get; init; }

    /// <summary>Between two logins of one account; zero: as often as anybody likes. RFC 2449 §6.5.</summary>
    public TimeSpan LoginDelay { get; init; }

    /// <summary>After so many days messages go from the INBOX by themselves; null: never. RFC 2449 §6.7.</summary>
    public int? ExpireDays { get; init; }

    /// <summary>
    /// A message with UTF-8 in its header is refused to a client that has not said UTF8, as RFC 6856 §2.1 wants it. Else it is given as it is, which
    /// programs that know no UTF8 show better than they show an error.
    /// </summary>
    public bool RefusesUtf8Headers { get; init; }
}
