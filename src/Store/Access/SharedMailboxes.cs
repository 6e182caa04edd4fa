using System.Text;

namespace MailAccess.Store.Access;

/// <summary>A mailbox that is shared, with everybody whom its list gives anything.</summary>
internal sealed record SharedMailbox(string Owner, MailboxName Name, IReadOnlyList<AccessSubject> Subjects);

/// <summary>
/// Who shares what: so that a listing looks only into accounts that share something with this user, and a name that is not shared
/// with him is answered without a look at any file. A hint that is checked against the list itself; made anew when it is lost.
/// </summary>
/// <remarks>Lines of owner, mailbox and identifiers, separated by tabs, below a first line that says it is whole.</remarks>
internal sealed class SharedMailboxes
{
    /// <summary>In the system account's root.</summary>
    public const string FileName = "mailaccess.shares";

    private const string FirstLine = "mailaccess shared mailboxes 1";

    private readonly Lock _gate = new();
    private Dictionary<(string Owner, MailboxName Name), SharedMailbox> _all = [];

    /// <summary>False where the content is not whole.</summary>
    public bool TryLoad(ReadOnlySpan<byte> content)
    {
        string[] lines = Encoding.UTF8.GetString(content).Split('\n');
        if (lines.Length < 2 || lines[0] != FirstLine || lines[^1].Length != 0)
        {
            return false;
        }
        Dictionary<(string Owner, MailboxName Name), SharedMailbox> all = [];
        foreach (string line in lines[1..^1])
        {
            string[] words = line.Split('\t');
            if (words.Length < 3 || !MailboxName.TryParse(words[1], out MailboxName? name))
            {
                return false;
            }
            List<AccessSubject> subjects = [];
            foreach (string word in words[2..])
            {
                if (AccessSubject.TryParse(word, out AccessSubject? subject))
                {
                    subjects.Add(subject);
                }
            }
            all[(words[0], name)] = new SharedMailbox(words[0], name, subjects);
        }
        lock (_gate)
        {
            _all = all;
        }
        return true;
    }

    /// <summary>What may be shared with this user.</summary>
    public List<SharedMailbox> For(AccessUser user)
    {
        lock (_gate)
        {
            return [.. _all.Values.Where(s => s.Owner != user.Name && s.Subjects.Any(x => user.Is(x, isOwner: false)))];
        }
    }

    /// <summary>Known mailboxes of this owner: the named one and those below it.</summary>
    public List<MailboxName> NamesAt(string owner, MailboxName name)
    {
        lock (_gate)
        {
            return [.. _all.Keys.Where(k => k.Owner == owner && (k.Name == name || k.Name.IsBelow(name))).Select(k => k.Name)];
        }
    }

    /// <summary>Whether this owner shares anything.</summary>
    public bool HasAny(string owner)
    {
        lock (_gate)
        {
            return _all.Keys.Any(k => k.Owner == owner);
        }
    }

    /// <summary>Whether the mailbox may be shared with this user.</summary>
    public bool MayShare(string owner, MailboxName name, AccessUser user)
    {
        lock (_gate)
        {
            return _all.TryGetValue((owner, name), out SharedMailbox? shared) && shared.Subjects.Any(x => user.Is(x, isOwner: false));
        }
    }

    /// <summary>
    /// Also what this list will give: written before the list itself, so that a crash between the two leaves a name too many and never
    /// one too few. True where that changed something: the caller writes.
    /// </summary>
    public bool Cover(string owner, MailboxName name, AccessList list) =>
        Put(owner, name, known => [.. known, .. SubjectsOf(owner, list).Except(known)]);

    /// <summary>What the first mailbox gives, the second one will give too: it is about to get its name.</summary>
    public bool Cover(string owner, MailboxName from, MailboxName to)
    {
        List<AccessSubject> subjects;
        lock (_gate)
        {
            subjects = [.. _all.GetValueOrDefault((owner, from))?.Subjects ?? []];
        }
        return Put(owner, to, known => [.. known, .. subjects.Except(known)]);
    }

    /// <summary>What the list gives, and nothing else. True where that changed something: the caller writes.</summary>
    public bool Note(string owner, MailboxName name, AccessList list) => Put(owner, name, _ => SubjectsOf(owner, list));

    /// <summary>What is kept of it.</summary>
    public byte[] Format()
    {
        StringBuilder text = new(FirstLine + "\n");
        lock (_gate)
        {
            foreach (SharedMailbox shared in _all.Values.OrderBy(s => s.Owner, StringComparer.Ordinal).ThenBy(s => s.Name.Value, StringComparer.Ordinal))
            {
                text.Append(shared.Owner).Append('\t').Append(shared.Name.Value).Append('\t').AppendJoin('\t', shared.Subjects).Append('\n');
            }
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private bool Put(string owner, MailboxName name, Func<IReadOnlyList<AccessSubject>, List<AccessSubject>> change)
    {
        lock (_gate)
        {
            IReadOnlyList<AccessSubject> known = _all.GetValueOrDefault((owner, name))?.Subjects ?? [];
            List<AccessSubject> subjects = change(known);
            if (subjects.Count == 0)
            {
                return _all.Remove((owner, name));
            }
            _all[(owner, name)] = new SharedMailbox(owner, name, subjects);
            return !known.SequenceEqual(subjects);
        }
    }

    /// <summary>Everybody but the owner whom the list gives anything.</summary>
    private static List<AccessSubject> SubjectsOf(string owner, AccessList list) =>
    [
        .. list.Entries.Where(e => !e.IsNegative && e.Rights != Rights.None && e.Subject.Kind != SubjectKind.Owner
            && !(e.Subject.Kind == SubjectKind.User && e.Subject.Name == owner)).Select(e => e.Subject),
    ];
}
