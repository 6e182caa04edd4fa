namespace MailAccess.Store.Maildir;

/// <summary>
/// Where a message lies, in the 64 bits of <see cref="MessageRecord.Locator"/>: the base name's place in the heap of names,
/// which folder, which line ends, and the letters that the file's name is known to have.
/// </summary>
/// <remarks>Bits: 0–29 place / 8; 30 in <c>new</c>; 31 lines end in LF; 32–63 letters.</remarks>
internal readonly record struct Locator(ulong Bits)
{
    public static Locator Of(in MessageRecord record) => new((ulong)record.Locator);

    public static Locator Create(long namePlace, bool isInNew, bool hasBareLf, FlagLetters letters) =>
        new(((ulong)namePlace >> 3) | (isInNew ? 1UL << 30 : 0) | (hasBareLf ? 1UL << 31 : 0) | ((ulong)letters.Bits << 32));

    /// <summary>The same, with the name elsewhere.</summary>
    public Locator MovedTo(long namePlace) => new((Bits & ~0x3FFF_FFFFUL) | ((ulong)namePlace >> 3));

    /// <summary>The same message under the folder and letters of another; how its lines end, and where its name stands, are its own.</summary>
    public Locator RenamedAs(Locator name) => Create(NamePlace, name.IsInNew, HasBareLf, name.Letters);

    public long NamePlace => (long)(Bits & 0x3FFF_FFFF) << 3;

    public bool IsInNew => (Bits & (1UL << 30)) != 0;

    /// <summary>Written by others, without CR: converted when read.</summary>
    public bool HasBareLf => (Bits & (1UL << 31)) != 0;

    /// <summary>As last seen on disk, or last written by us.</summary>
    public FlagLetters Letters => new((uint)(Bits >> 32));

    public long Value => (long)Bits;
}
