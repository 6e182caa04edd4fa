namespace MailAccess.Store.Access;

/// <summary>The access control list of one mailbox. Immutable. RFC 4314 §2.</summary>
/// <remarks>
/// Of the entries about a user the most specific decides (<see cref="SubjectKind"/> in its order), as in Dovecot, with whom files
/// are shared; several groups are added up. A negative entry takes away at its place. An owner of whom the list says nothing has all
/// rights, and always <c>l</c> and <c>a</c>: nobody can shut himself out.
/// </remarks>
public sealed class AccessList
{
    /// <summary>What an owner keeps.</summary>
    public const Rights OwnersMinimum = Rights.Lookup | Rights.Administer;

    /// <summary>No entry.</summary>
    public static readonly AccessList Empty = new([]);

    /// <summary>Takes the entries; of two with the same identifier the later one counts.</summary>
    public AccessList(IEnumerable<AccessEntry> entries) =>
        Entries = [.. entries.GroupBy(e => (e.Subject, e.IsNegative)).Select(g => g.Last())];

    /// <summary>The entries.</summary>
    public IReadOnlyList<AccessEntry> Entries { get; }

    /// <summary>What the user may do.</summary>
    public Rights RightsOf(AccessUser user, bool isOwner)
    {
        Rights rights = Rights.None;
        if (isOwner && !Entries.Any(e => !e.IsNegative && IsAboutOwner(e, user)))
        {
            rights = Rights.All;
        }
        foreach (IGrouping<SubjectKind, AccessEntry> level in Entries.Where(e => user.Is(e.Subject, isOwner)).GroupBy(e => e.Subject.Kind).OrderBy(g => g.Key))
        {
            bool owns = isOwner && rights == Rights.All && level.Key < SubjectKind.Owner;
            if (!owns && level.Any(e => !e.IsNegative))
            {
                rights = level.Where(e => !e.IsNegative).Aggregate(Rights.None, (r, e) => r | e.Rights);
            }
            if (!owns)
            {
                rights &= ~level.Where(e => e.IsNegative).Aggregate(Rights.None, (r, e) => r | e.Rights);
            }
        }
        return isOwner ? rights | OwnersMinimum : rights;
    }

    /// <summary>The list with another entry, in place of the one with the same identifier.</summary>
    public AccessList With(AccessEntry entry)
    {
        List<AccessEntry> entries = [.. Entries];
        int at = entries.FindIndex(e => e.Subject == entry.Subject && e.IsNegative == entry.IsNegative);
        if (at < 0)
        {
            entries.Add(entry);
        }
        else
        {
            entries[at] = entry;
        }
        return new AccessList(entries);
    }

    /// <summary>The list without the entry of this identifier.</summary>
    public AccessList Without(AccessSubject subject, bool isNegative) =>
        new(Entries.Where(e => e.Subject != subject || e.IsNegative != isNegative));

    /// <summary>The entry's rights; none where there is no entry.</summary>
    public Rights RightsAt(AccessSubject subject, bool isNegative) =>
        Entries.FirstOrDefault(e => e.Subject == subject && e.IsNegative == isNegative)?.Rights ?? Rights.None;

    private static bool IsAboutOwner(AccessEntry entry, AccessUser user) =>
        entry.Subject.Kind == SubjectKind.Owner || (entry.Subject.Kind == SubjectKind.User && entry.Subject.Name == user.Name);
}
