namespace MailAccess.Store.Model;

/// <summary>One mailbox that exists, for <see cref="MailboxTree"/>.</summary>
internal readonly record struct ExistingMailbox(MailboxName Name, SpecialUse SpecialUse, bool IsMarked);

/// <summary>
/// What the names of an account's mailboxes imply: names above them, listings, who may be created, renamed and deleted.
/// Pure, and the same for all formats.
/// </summary>
/// <remarks>A name without messages exists exactly as long as there is a mailbox below it.</remarks>
internal static class MailboxTree
{
    /// <summary>The listing in ordinal order, INBOX first.</summary>
    public static IReadOnlyList<MailboxListing> List(IReadOnlyCollection<ExistingMailbox> existing, IReadOnlySet<MailboxName> subscribed)
    {
        Dictionary<MailboxName, ExistingMailbox> byName = existing.ToDictionary(e => e.Name);
        HashSet<MailboxName> above = [];
        foreach (ExistingMailbox mailbox in existing)
        {
            for (MailboxName? parent = mailbox.Name.Parent; parent is not null && above.Add(parent); parent = parent.Parent)
            {
            }
        }
        return
        [
            .. byName.Keys.Union(above)
                .OrderBy(n => n.IsInbox ? 0 : 1).ThenBy(n => n.Value, StringComparer.Ordinal)
                .Select(n => new MailboxListing
                {
                    Name = n,
                    IsSelectable = byName.ContainsKey(n),
                    HasChildren = above.Contains(n),
                    SpecialUse = byName.TryGetValue(n, out ExistingMailbox known) ? known.SpecialUse : SpecialUse.None,
                    IsSubscribed = subscribed.Contains(n),
                    IsMarked = known.IsMarked,
                }),
        ];
    }

    /// <summary>The names to create for this one, from the top, or why not.</summary>
    public static StoreResult<List<MailboxName>> DecideCreate(IReadOnlySet<MailboxName> existing, MailboxName name)
    {
        if (existing.Contains(name))
        {
            return StoreError.AlreadyExists;
        }
        List<MailboxName> names = [.. MissingAbove(existing, name), name];
        return names;
    }

    /// <summary>Whether the mailbox may be deleted. RFC 9051 §6.3.5.</summary>
    public static StoreError DecideDelete(IReadOnlySet<MailboxName> existing, MailboxName name)
    {
        if (name.IsInbox)
        {
            return StoreError.NotPermitted;
        }
        if (existing.Contains(name))
        {
            return StoreError.None;
        }
        return existing.Any(n => n.IsBelow(name)) ? StoreError.HasChildren : StoreError.NotFound;
    }

    /// <summary>The renamings that one entails (not for INBOX), after the names to create above the new one, or why not. RFC 9051 §6.3.6.</summary>
    public static StoreResult<RenamePlan> DecideRename(IReadOnlySet<MailboxName> existing, MailboxName from, MailboxName to)
    {
        List<MailboxName> moving = [.. existing.Where(n => n == from || n.IsBelow(from)).OrderBy(n => n.Value, StringComparer.Ordinal)];
        if (moving.Count == 0)
        {
            return StoreError.NotFound;
        }
        if (to.IsInbox || existing.Contains(to) || existing.Any(n => n.IsBelow(to)))
        {
            return to.IsBelow(from) ? StoreError.NotPermitted : StoreError.AlreadyExists;
        }
        if (to.IsBelow(from) || from.IsInbox)
        {
            return StoreError.NotPermitted;
        }
        List<(MailboxName From, MailboxName To)> renamings = [];
        foreach (MailboxName name in moving)
        {
            if (!MailboxName.TryParse(to.Value + name.Value[from.Value.Length..], out MailboxName? renamed))
            {
                return StoreError.InvalidName; // A child's new name would be too long or too deep.
            }
            renamings.Add((name, renamed));
        }
        return new RenamePlan(MissingAbove(existing, to), renamings);
    }

    private static List<MailboxName> MissingAbove(IReadOnlySet<MailboxName> existing, MailboxName name)
    {
        List<MailboxName> missing = [];
        for (MailboxName? parent = name.Parent; parent is not null; parent = parent.Parent)
        {
            if (!existing.Contains(parent))
            {
                missing.Insert(0, parent);
            }
        }
        return missing;
    }
}

/// <summary>What <see cref="MailboxTree.DecideRename"/> decided.</summary>
internal sealed record RenamePlan(IReadOnlyList<MailboxName> Create, IReadOnlyList<(MailboxName From, MailboxName To)> Renamings);
