using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>A message file as a scan found it.</summary>
internal readonly record struct FoundFile(string RelativePath, FileName Name, bool IsInNew);

/// <summary>The files of one Maildir: where they lie, and what is there now.</summary>
internal sealed class MaildirFolder(IFiles files, string path)
{
    private const int LooksMax = 16;
    private const string OwnTmpName = "mailaccess.tmp";

    public string Path => path;

    public string New { get; } = System.IO.Path.Combine(path, "new");

    public string Cur { get; } = System.IO.Path.Combine(path, "cur");

    public string Tmp { get; } = System.IO.Path.Combine(path, "tmp");

    /// <summary>As <c>tmp</c>, and ours alone: the system makes names in two folders at a time, in one folder one after the other. Made where it is needed.</summary>
    public string OwnTmp { get; } = System.IO.Path.Combine(path, OwnTmpName);

    public string Full(string relativePath) => path + "/" + relativePath;

    /// <summary>Where a file with these letters lies.</summary>
    public static string PathOf(string baseName, Locator locator) =>
        locator.IsInNew ? "new/" + baseName : "cur/" + FileName.InCur(baseName, locator.Letters);

    public static string TemporaryPathOf(string baseName) => "tmp/" + baseName;

    /// <summary>The same in <see cref="OwnTmp"/>.</summary>
    public static string OwnTemporaryPathOf(string baseName) => OwnTmpName + "/" + baseName;

    /// <summary>Makes the three folders where they are missing.</summary>
    public void Create()
    {
        files.CreateFolder(Tmp);
        files.CreateFolder(New);
        files.CreateFolder(Cur);
    }

    /// <summary>False where somebody has removed the whole mailbox.</summary>
    public bool Exists() => files.TryStat(Cur, out FileFacts facts) && facts.IsFolder;

    /// <summary>When names last changed in <c>new</c> and <c>cur</c>.</summary>
    public (long New, long Cur) Times() =>
        (files.TryStat(New, out FileFacts inNew) ? inNew.ModifiedTicks : 0, files.TryStat(Cur, out FileFacts inCur) ? inCur.ModifiedTicks : 0);

    /// <summary>What lies there now.</summary>
    public ScannedFolder Look() => new(files, this);

    /// <summary>All messages by base name. Where one base name stands twice, the file in <c>cur</c> counts.</summary>
    public Dictionary<string, FoundFile> Scan()
    {
        Dictionary<string, FoundFile> found = new(StringComparer.Ordinal);
        foreach (ScannedFile file in Look().InOrder())
        {
            found.Add(file.BaseText, new FoundFile(file.RelativePath, new FileName(file.BaseText, file.Letters, file.IsPlain), file.IsInNew));
        }
        return found;
    }

    /// <summary>
    /// Does something with the files of messages wherever they are, although another program may be renaming them at this moment: a file is seen
    /// under neither name while that happens, and has a third one when we come. Only what two looks miss is gone. Gives those that could not be caught.
    /// </summary>
    /// <param name="baseNames">Their base names.</param>
    /// <param name="work">Gets the path below the mailbox's folder; false where there was no file after all.</param>
    /// <param name="looked">Gets each look at the folder.</param>
    public HashSet<string> Reach(IEnumerable<string> baseNames, Func<string, bool> work, Action<ScannedFolder>? looked = null)
    {
        Dictionary<string, int> misses = baseNames.ToDictionary(n => n, _ => 0, StringComparer.Ordinal);
        for (int look = 0; look < LooksMax && misses.Count > 0; look++)
        {
            ScannedFolder found = Look();
            looked?.Invoke(found);
            foreach (string baseName in misses.Keys.ToList())
            {
                if (found.TryGet(System.Text.Encoding.UTF8.GetBytes(baseName), out ScannedFile file) ? work(file.RelativePath) : ++misses[baseName] == 2)
                {
                    misses.Remove(baseName);
                }
            }
        }
        return [.. misses.Keys];
    }

    /// <summary>The same with one message's file; false where it is gone.</summary>
    public bool TryReach(string baseName, Func<string, bool> work, Action<ScannedFolder>? looked = null)
    {
        bool isDone = false;
        Reach([baseName], path => isDone = work(path), looked);
        return isDone;
    }
}
