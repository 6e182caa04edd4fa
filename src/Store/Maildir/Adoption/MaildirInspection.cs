using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir.Adoption;

/// <summary>Looks at a Maildir and tells what would be taken over. Reads only; the mail itself is not opened.</summary>
public static class MaildirInspection
{
    private const int NestedFoldersMax = 1000;

    /// <summary>What lies in this folder. Blocks; throws <see cref="IOException"/> where it cannot be read.</summary>
    public static InspectedMaildir Inspect(string root) => Inspect(new PosixFiles(), root);

    internal static InspectedMaildir Inspect(IFiles files, string root)
    {
        List<string>? entries = files.List(root);
        if (entries is null || !files.TryStat(Path.Combine(root, "cur"), out _))
        {
            return new InspectedMaildir { Root = root, Problems = [ProblemOfRoot(files, root, entries)] };
        }
        List<string> problems = [];
        List<string> folders = [.. entries.Where(e => e.StartsWith('.') && files.TryStat(Path.Combine(root, e, "cur"), out _))];
        var account = new AccountFile(files, root);
        account.Load(folders);
        Dictionary<MailboxName, string> map = FolderNames.Map(folders, account.Spelling);
        problems.AddRange(folders.Where(f => !map.ContainsValue(f) && f[1] != '.').Select(f => $"folder {f}: its name is too long or too deep to be shown"));
        List<string> nested = NestedFolders(files, root);
        if (nested.Count > 0)
        {
            problems.Add($"folders that are not of Maildir++ but of Dovecot's LAYOUT=fs are not taken over: {string.Join(", ", nested.Take(5))}"
                + (nested.Count > 5 ? $" and {nested.Count - 5} more" : "") + "; convert them first (doveadm sync to a Maildir++ location)");
        }
        map[MailboxName.Inbox] = "";
        return new InspectedMaildir
        {
            Root = root,
            IsUtf8 = account.Spelling == FolderSpelling.Utf8,
            Subscriptions = account.Subscribed.Count,
            Mailboxes = [.. map.OrderBy(m => !m.Key.IsInbox).ThenBy(m => m.Key.Value, StringComparer.Ordinal).Select(m => InspectFolder(files, Path.Combine(root, m.Value), m.Key, m.Value))],
            Problems = problems,
        };
    }

    private static string ProblemOfRoot(IFiles files, string root, List<string>? entries)
    {
        if (entries is null)
        {
            return "there is no such folder; it is made with the first mail";
        }
        return entries.Contains("mailboxes") && files.TryStat(Path.Combine(root, "mailboxes", "INBOX", "dbox-Mails"), out _)
            ? "this is Dovecot's dbox, not a Maildir: convert it first (doveadm sync)"
            : "this is no Maildir: there is no folder \"cur\" in it";
    }

    private static InspectedMailbox InspectFolder(IFiles files, string path, MailboxName name, string folder)
    {
        Dictionary<string, FoundFile> found = new MaildirFolder(files, path).Scan();
        AdoptedList adopted = AdoptedList.Read(files, path, new UidListFile(files, path));
        IReadOnlyDictionary<string, IReadOnlyList<string>> others = adopted.ReadKeywords();
        var letters = KeywordLetters.Parse(files.ReadAll(Path.Combine(path, NameFlush.LettersName)) ?? []);
        HashSet<string> keywords = new(StringComparer.OrdinalIgnoreCase);
        uint unnamed = 0;
        foreach ((string baseName, FoundFile file) in found)
        {
            uint used = file.Name.Letters.Keywords;
            List<string> names = letters.NamesOf(used);
            keywords.UnionWith(names);
            unnamed |= letters.WithoutName(used);
            keywords.UnionWith(others.GetValueOrDefault(baseName) ?? []);
        }
        UidList? uids = adopted.Uids;
        List<string> problems = [];
        if (unnamed != 0)
        {
            problems.Add($"letters in file names that {NameFlush.LettersName} does not explain stay as they are, without a keyword: {new FlagLetters(unnamed << 6)}");
        }
        if (letters.BeyondLetters > 0)
        {
            problems.Add($"{letters.BeyondLetters} keywords beyond the 26 letters are in dovecot.index alone, which is not read");
        }
        if (keywords.Count > KeywordTable.KeywordsMax)
        {
            problems.Add($"{keywords.Count} different keywords, of which {KeywordTable.KeywordsMax} are kept");
        }
        if (files.TryStat(Path.Combine(path, "courierimapacl"), out _))
        {
            problems.Add("courierimapacl (who else may read this folder) is not taken over");
        }
        return new InspectedMailbox
        {
            Name = name,
            Folder = folder,
            Source = IsOurs(files, path) ? AdoptionSource.MailAccess : adopted.Format switch
            {
                AdoptedFormat.Dovecot => AdoptionSource.Dovecot,
                AdoptedFormat.Courier => AdoptionSource.Courier,
                _ => AdoptionSource.Unnumbered,
            },
            ListVersion = uids?.Version ?? 0,
            UidValidity = uids?.UidValidity.Value ?? 0,
            UidNext = uids?.UidNext.Value ?? 1,
            Messages = found.Count,
            Numbered = uids?.Entries.Select(e => e.BaseName).Distinct(StringComparer.Ordinal).Count(found.ContainsKey) ?? 0,
            Keywords = keywords.Count,
            Pop3Uidls = uids?.Fields.Values.Count(f => UidList.Field(f, 'P') is not null) ?? 0,
            Problems = problems,
        };
    }

    private static bool IsOurs(IFiles files, string path) => files.TryStat(Path.Combine(path, IndexFile.IndexName), out _);

    /// <summary>Dovecot's other layout: plain folders with a Maildir in them, one in another.</summary>
    private static List<string> NestedFolders(IFiles files, string root)
    {
        List<string> nested = [];
        Queue<string> waiting = new([""]);
        int looked = 0;
        while (waiting.TryDequeue(out string? folder) && ++looked <= NestedFoldersMax)
        {
            foreach (string name in files.List(Path.Combine(root, folder)) ?? [])
            {
                string below = folder.Length == 0 ? name : folder + "/" + name;
                string path = Path.Combine(root, below);
                if (name[0] == '.' || name is "cur" or "new" or "tmp" || !files.TryStat(path, out FileFacts facts) || !facts.IsFolder)
                {
                    continue;
                }
                if (files.TryStat(Path.Combine(path, "cur"), out _))
                {
                    nested.Add(below);
                }
                waiting.Enqueue(below);
            }
        }
        return nested;
    }
}

/// <summary>Who numbered the messages of a mailbox.</summary>
public enum AdoptionSource
{
    /// <summary>Nobody: any Maildir.</summary>
    Unnumbered,
    /// <summary>We: it is taken over already.</summary>
    MailAccess,
    /// <summary>Dovecot.</summary>
    Dovecot,
    /// <summary>Courier.</summary>
    Courier,
}

/// <summary>What <see cref="MaildirInspection"/> found in a Maildir.</summary>
public sealed record InspectedMaildir
{
    /// <summary>The folder.</summary>
    public required string Root { get; init; }

    /// <summary>Names of folders are spelled in UTF-8, not in modified UTF-7.</summary>
    public bool IsUtf8 { get; init; }

    /// <summary>Subscribed names.</summary>
    public int Subscriptions { get; init; }

    /// <summary>INBOX first; none where there is no Maildir.</summary>
    public IReadOnlyList<InspectedMailbox> Mailboxes { get; init; } = [];

    /// <summary>What cannot be kept, and why.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}

/// <summary>One mailbox of it.</summary>
public sealed record InspectedMailbox
{
    /// <summary>Its name.</summary>
    public required MailboxName Name { get; init; }

    /// <summary>Its folder below the root.</summary>
    public required string Folder { get; init; }

    /// <summary>Whose numbering is kept.</summary>
    public AdoptionSource Source { get; init; }

    /// <summary>Version of the list of UIDs; 0: none.</summary>
    public int ListVersion { get; init; }

    /// <summary>0: none yet.</summary>
    public uint UidValidity { get; init; }

    /// <summary>The next UID.</summary>
    public uint UidNext { get; init; }

    /// <summary>Message files.</summary>
    public int Messages { get; init; }

    /// <summary>Of these, with a UID that is kept; the others get new ones.</summary>
    public int Numbered { get; init; }

    /// <summary>Different keywords.</summary>
    public int Keywords { get; init; }

    /// <summary>Unique-ids that POP3 clients know.</summary>
    public int Pop3Uidls { get; init; }

    /// <summary>What cannot be kept, and why.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
