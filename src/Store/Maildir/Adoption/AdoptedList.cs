using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir.Adoption;

/// <summary>Whose list of UIDs a folder has.</summary>
internal enum AdoptedFormat
{
    /// <summary>None: UIDs begin at 1.</summary>
    None,
    /// <summary><c>dovecot-uidlist</c> version 1 or 3: Dovecot's, or ours.</summary>
    Dovecot,
    /// <summary><c>courierimapuiddb</c></summary>
    Courier,
}

/// <summary>What another server left beside the mail of a folder that has no index of ours.</summary>
/// <remarks>Dovecot's list counts where both are there: whoever moved from Courier to Dovecot left Courier's behind.</remarks>
internal sealed record AdoptedList(AdoptedFormat Format, UidList? Uids, Func<IReadOnlyDictionary<string, IReadOnlyList<string>>> ReadKeywords)
{
    private static readonly Dictionary<string, IReadOnlyList<string>> NoKeywords = new(StringComparer.Ordinal);

    public static AdoptedList Read(IFiles files, string folder, UidListFile listFile)
    {
        if (listFile.Read() is { } dovecot)
        {
            return new AdoptedList(AdoptedFormat.Dovecot, dovecot, () => NoKeywords);
        }
        return CourierFolder.ReadUids(files, folder) is { } courier
            ? new AdoptedList(AdoptedFormat.Courier, courier, () => CourierFolder.ReadKeywords(files, folder))
            : new AdoptedList(AdoptedFormat.None, null, () => NoKeywords);
    }

    /// <summary>
    /// The size that a list or a name tells (W, with CRLF), where the file is as long as the name says: then it need not be read. -1: it must.
    /// </summary>
    public static long ToldOctets(string baseName, string? fields, long fileOctets)
    {
        long told = fields is not null && UidList.Field(fields, 'W') is { } w && long.TryParse(w, out long listed) ? listed : FileName.SizeIn(baseName, 'W');
        long size = FileName.SizeIn(baseName, 'S');
        return told >= fileOctets && told <= fileOctets * 2 && (size < 0 || size == fileOctets) ? told : -1;
    }
}
