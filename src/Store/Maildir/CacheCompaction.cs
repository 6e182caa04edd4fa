namespace MailAccess.Store.Maildir;
internal static class CacheCompaction
{
    public static bool IsDue(MaildirStore store, MaildirMailbox mailbox) => false;
    public static ValueTask RunAsync(MaildirStore store, MaildirMailbox mailbox) => default;
}
