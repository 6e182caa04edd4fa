using MailAccess.Pop3;
using MailAccess.Store;

namespace MailAccess.Server.Configuration;

/// <summary>The section <c>pop3</c>.</summary>
internal static class Pop3Configuration
{
    public static Pop3Options From(ConfigurationView pop3, char delimiter, ExpiryConfiguration expiry, string file, List<ConfigurationError> errors)
    {
        string keyword = pop3.Get(Settings.DeletedKeyword);
        if (keyword.Any(c => c is <= ' ' or >= '\x7f' or '(' or ')' or '{' or '%' or '*' or '"' or '\\' or ']'))
        {
            errors.Add(pop3.Error(file, Settings.DeletedKeyword, "must be a keyword as IMAP has them: letters, digits, and signs but ( ) { % * \" \\ ]"));
        }
        return new Pop3Options
        {
            UniqueIds = ReadUniqueIds(pop3, file, errors),
            DeletedKeyword = keyword.Length > 0 ? keyword : null,
            FolderDelimiter = pop3.Get(Settings.Pop3Folders) ? delimiter : null,
            OffersApop = pop3.Get(Settings.OffersApop),
            LoginDelay = pop3.Get(Settings.LoginDelay),
            RefusesUtf8Headers = pop3.Get(Settings.RefusesUtf8Headers),
            ExpireDays = expiry.Rules.Where(r => r.AgeMax is not null && r.Mailbox.Matches(MailboxName.Inbox, SpecialUse.None))
                .Select(r => (int?)Math.Floor(r.AgeMax!.Value.TotalDays)).Min(),
        };
    }

    private static UniqueIdFormat ReadUniqueIds(ConfigurationView pop3, string file, List<ConfigurationError> errors)
    {
        if (UniqueIdFormat.TryParse(pop3.Get(Settings.UidlFormat), out UniqueIdFormat? format, out string? problem))
        {
            return format;
        }
        errors.Add(pop3.Error(file, Settings.UidlFormat, problem));
        return UniqueIdFormat.Default;
    }
}
