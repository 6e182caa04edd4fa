using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>What only a look at a message's file tells: how long it is with CRLF line ends, how its lines end, and when it was written.</summary>
internal readonly record struct Measure(long Octets, bool HasBareLf, long ModifiedSeconds)
{
    public const int BufferOctets = 64 * 1024;

    /// <summary>The record with what was found.</summary>
    public MessageRecord ApplyTo(in MessageRecord record)
    {
        Locator locator = Locator.Of(record);
        return record with
        {
            Traits = record.Traits & ~RecordTraits.Unmeasured,
            Octets = Octets,
            InternalDateSeconds = ModifiedSeconds,
            SavedDateSeconds = record.SavedDateSeconds == 0 ? ModifiedSeconds : record.SavedDateSeconds,
            Locator = Locator.Create(locator.NamePlace, locator.IsInNew, HasBareLf, locator.Letters).Value,
        };
    }

    /// <summary>
    /// Where the base name says both lengths (<c>S=</c>, <c>W=</c>) and the file has the first, the second is believed; else the
    /// file is read. Blocks.
    /// </summary>
    public static Measure Of(IFile file, ReadOnlySpan<byte> baseName, Span<byte> buffer)
    {
        FileFacts facts = file.Facts;
        long withCrLf = FileName.SizeIn(baseName, (byte)'W');
        // No line is shorter than its line end: more than twice as long is no length.
        if (withCrLf >= facts.Octets && withCrLf / 2 <= facts.Octets && FileName.SizeIn(baseName, (byte)'S') == facts.Octets)
        {
            return Of(facts, withCrLf, withCrLf > facts.Octets);
        }
        long raw = 0;
        long bare = 0;
        bool afterCr = false;
        int count;
        while ((count = file.Read(raw, buffer)) > 0)
        {
            raw += count;
            bare += CountBareLf(buffer[..count], ref afterCr);
        }
        return Of(facts, raw + bare, bare > 0);
    }

    /// <summary>Of a file that was read whole.</summary>
    public static Measure Of(in FileFacts facts, long octets, bool hasBareLf)
    {
        long seconds = Math.DivRem(facts.ModifiedTicks - DateTime.UnixEpoch.Ticks, TimeSpan.TicksPerSecond, out long rest);
        return new Measure(octets, hasBareLf, seconds - (rest < 0 ? 1 : 0));
    }

    /// <summary>The same of a file that a listing has found; null where it has gone again. Blocks.</summary>
    public static Measure? Of(IFiles files, MaildirFolder folder, FoundFile found)
    {
        using IFile? file = files.Open(folder.Full(found.RelativePath), OpenKind.Read);
        return file is null ? null : Of(file, System.Text.Encoding.UTF8.GetBytes(found.Name.Base), new byte[BufferOctets]);
    }

    private static long CountBareLf(ReadOnlySpan<byte> octets, ref bool afterCr)
    {
        long bare = 0;
        int start = 0;
        while (octets[start..].IndexOf((byte)'\n') is int found and >= 0)
        {
            int at = start + found;
            bool hasCr = at == 0 ? afterCr : octets[at - 1] == (byte)'\r';
            bare += hasCr ? 0 : 1;
            start = at + 1;
        }
        afterCr = octets[^1] == (byte)'\r';
        return bare;
    }
}
