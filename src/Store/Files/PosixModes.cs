namespace MailAccess.Store.Files;

/// <summary>
/// Who may read what we make: its owner, and in a Maildir that somebody shares (group or others may enter it) those who may
/// enter the folder that it lies in, as Dovecot does.
/// </summary>
internal static class PosixModes
{
    public const uint PrivateFile = 0x180; // 0600
    public const uint PrivateFolder = 0x1C0; // 0700

    private const uint OthersRead = 0x36; // 0066: group and others, reading and writing
    private const uint OthersAll = 0x3F; // 0077
    private const uint GroupAll = 0x38; // 0070
    private const uint SetGroup = 0x400; // 02000
    private const uint Unchanged = uint.MaxValue;

    /// <summary>Gives what was just made the mode that its folder asks for. Where that cannot be, it stays its owner's alone.</summary>
    public static void Inherit(string path)
    {
        if (!TryGetShared(path, out PosixStat parent) || !Posix.TryStat(path, out PosixStat made))
        {
            return;
        }
        uint mode = made.IsFolder ? PrivateFolder | (parent.Mode & (OthersAll | SetGroup)) : PrivateFile | (parent.Mode & OthersRead);
        if (made.Group != parent.Group && Posix.SetOwner(path, Unchanged, parent.Group) != 0)
        {
            mode &= ~(GroupAll | SetGroup); // Another group than the folder's has no business here.
        }
        _ = Posix.SetMode(path, mode);
    }

    /// <summary>A file that the readers of its new folder could not read must be copied instead of linked.</summary>
    public static bool WouldBeTooPrivate(string from, string to) =>
        TryGetShared(to, out PosixStat parent) && Posix.TryStat(from, out PosixStat file)
        && (parent.Mode & OthersRead & ~file.Mode) != 0;

    /// <summary>True where that may be so of a file in this folder.</summary>
    public static bool IsShared(string folder) => TryGetShared(folder + "/", out _);

    /// <summary>True where the path lies in a Maildir that not only its owner may enter.</summary>
    private static bool TryGetShared(string path, out PosixStat parent)
    {
        parent = default;
        return Path.GetDirectoryName(path) is { Length: > 0 } folder
            && Posix.TryStat(folder, out parent) && (parent.Mode & OthersAll) != 0
            && (IsPart(Path.GetFileName(folder)) || IsPart(Path.GetFileName(path)) || Posix.TryStat(folder + "/new", out _));
    }

    private static bool IsPart(string name) => name is "cur" or "new" or "tmp" or "mailaccess.tmp";
}
