namespace MailAccess.Store.Maildir;

/// <summary>How the folders of one account spell what is not US-ASCII.</summary>
internal enum FolderSpelling
{
    /// <summary>As Dovecot does by default, and Courier before its version 5.</summary>
    ModifiedUtf7,
    /// <summary>As Dovecot does with <c>mailbox_list_utf8</c>, and Courier since its version 5: <c>&amp;</c> is a letter like any other.</summary>
    Utf8,
}
