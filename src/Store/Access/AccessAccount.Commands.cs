using System.Text;
using MailAccess.Store.Metadata;
using MailAccess.Store.Model;

namespace MailAccess.Store.Access;

/// <summary>Access control lists and annotations.</summary>
internal sealed partial class AccessAccount
{
    /// <summary>RFC 5464 §3.3: <c>l</c> and one of these.</summary>
    private const Rights AnnotationRights = Rights.Read | Rights.Seen | Rights.Write | Rights.Insert | Rights.Post;

    private const Rights MyRightsRights = Rights.Lookup | Rights.Read | Rights.Insert | Rights.Create | Rights.DeleteMailbox | Rights.Administer;

    public async ValueTask<StoreResult<IReadOnlyList<AccessEntry>>> GetAccessAsync(MailboxName name, CancellationToken cancellationToken)
    {
        StoreResult<Target> found = await FindAsync(name, Rights.Administer, cancellationToken);
        if (!found.TryGet(out Target? target))
        {
            return found.Error;
        }
        StoreResult<AccessList> read = await store.ReadListAsync(target.Account, target.Place.Name, cancellationToken);
        if (!read.TryGet(out AccessList? list))
        {
            return read.Error;
        }
        AccessSubject owner = new(SubjectKind.User, target.Place.Owner);
        bool isSaid = target.Place.Owner == Sharing!.SystemAccount
            || list.Entries.Any(e => !e.IsNegative && (e.Subject == owner || e.Subject.Kind == SubjectKind.Owner));
        IEnumerable<AccessEntry> entries = isSaid ? list.Entries : list.Entries.Prepend(new AccessEntry(owner, false, Rights.All));
        return StoreResults.Of<IReadOnlyList<AccessEntry>>([.. entries]);
    }

    public async ValueTask<StoreResult<Done>> SetAccessAsync(
        MailboxName name, AccessSubject subject, bool isNegative, AccessChange change, Rights rights, CancellationToken cancellationToken)
    {
        StoreResult<Target> found = await FindAsync(name, Rights.Administer, cancellationToken);
        if (!found.TryGet(out Target? target))
        {
            return found.Error;
        }
        bool isOwnersDefault = !isNegative && subject.Kind == SubjectKind.User && subject.Name == target.Place.Owner;
        return await store.ChangeListAsync(
            target.Account,
            target.Place.Name,
            list =>
            {
                // An owner of whom nothing was said had all rights: + and - start from there.
                bool isSaid = list.Entries.Any(e => e.Subject == subject && e.IsNegative == isNegative);
                Rights had = !isSaid && isOwnersDefault ? list.RightsOf(new AccessUser(subject.Name, []), isOwner: true) : list.RightsAt(subject, isNegative);
                Rights has = change switch
                {
                    AccessChange.Add => had | rights,
                    AccessChange.Remove => had & ~rights,
                    _ => rights,
                };
                AccessList after = list.With(new AccessEntry(subject, isNegative, has));
                return after.Entries.Count <= Sharing!.EntriesMax ? StoreResults.Of(after) : StoreError.LimitReached;
            },
            cancellationToken);
    }

    public async ValueTask<StoreResult<Done>> DeleteAccessAsync(
        MailboxName name, AccessSubject subject, bool isNegative, CancellationToken cancellationToken)
    {
        StoreResult<Target> found = await FindAsync(name, Rights.Administer, cancellationToken);
        return found.TryGet(out Target? target)
            ? await store.ChangeListAsync(target.Account, target.Place.Name, list => list.Without(subject, isNegative), cancellationToken)
            : found.Error;
    }

    public async ValueTask<StoreResult<Rights>> GetMyRightsAsync(MailboxName name, CancellationToken cancellationToken)
    {
        StoreResult<Target> found = await FindAsync(name, cancellationToken);
        if (!found.TryGet(out Target? target))
        {
            return found.Error;
        }
        return (target.Rights & MyRightsRights) != 0 ? target.Rights : StoreError.NotFound;
    }

    public async ValueTask<StoreResult<Rights>> GetRequiredRightsAsync(MailboxName name, AccessSubject subject, CancellationToken cancellationToken)
    {
        StoreResult<Target> found = await FindAsync(name, Rights.Administer, cancellationToken);
        if (!found.TryGet(out Target? target))
        {
            return found.Error;
        }
        bool isOwner = subject.Kind == SubjectKind.Owner || (subject.Kind == SubjectKind.User && subject.Name == target.Place.Owner);
        return isOwner ? AccessList.OwnersMinimum : Rights.None;
    }

    public async ValueTask<StoreResult<IReadOnlyList<Annotation>>> GetAnnotationsAsync(MailboxName? name, CancellationToken cancellationToken)
    {
        StoreResult<Target> found = await FindAnnotatedAsync(name, cancellationToken);
        if (!found.TryGet(out Target? target))
        {
            return found.Error;
        }
        StoreResult<AnnotationFile> read = await ReadAnnotationsAsync(target, name, cancellationToken);
        if (!read.TryGet(out AnnotationFile? file))
        {
            return read.Error;
        }
        List<Annotation> all = [.. file.For(user.Name)];
        if (name is null)
        {
            all.RemoveAll(a => !a.IsPrivate);
            all.AddRange(store.Metadata.ServerAnnotations.Select(s => new Annotation(s.Key, Encoding.UTF8.GetBytes(s.Value))));
        }
        else if (target.Place.IsOwn && (await own.ListAsync(cancellationToken)).TryGet(out IReadOnlyList<MailboxListing>? listings)
            && listings.FirstOrDefault(l => l.Name == name) is { SpecialUse: not SpecialUse.None } listing)
        {
            all.Add(new Annotation(AnnotationName.SpecialUse, Encoding.ASCII.GetBytes("\\" + listing.SpecialUse))); // RFC 6154 §4.
        }
        return StoreResults.Of<IReadOnlyList<Annotation>>([.. all.OrderBy(a => a.Entry, StringComparer.Ordinal)]);
    }

    public async ValueTask<StoreResult<Done>> SetAnnotationsAsync(
        MailboxName? name, IReadOnlyList<Annotation> annotations, CancellationToken cancellationToken)
    {
        StoreResult<Target> found = await FindAnnotatedAsync(name, cancellationToken);
        if (!found.TryGet(out Target? target))
        {
            return found.Error;
        }
        if (annotations.Any(a => a.Entry is AnnotationName.Admin or AnnotationName.SpecialUse))
        {
            return StoreError.NotPermitted; // RFC 5464 §3.2.1.1: read-only. RFC 6154 §4 lets a server disallow the other.
        }
        // What is shared by all of a mailbox's users needs the right to change it; the server's is its administrator's.
        if (annotations.Any(a => !a.IsPrivate) && (name is null || !target.Rights.Has(Rights.Write)))
        {
            return StoreError.NoPermission;
        }
        StoreResult<Done> set = await store.LockedAsync<Done>(
            target.Place.Owner,
            async () =>
            {
                StoreResult<AnnotationFile> read = await ReadAnnotationsAsync(target, name, cancellationToken);
                if (!read.TryGet(out AnnotationFile? file))
                {
                    return read.Error;
                }
                StoreError refused = file.Set(user.Name, annotations, store.Metadata.Limits);
                if (refused != StoreError.None)
                {
                    return refused;
                }
                return target.Account is ISideFiles files
                    ? await files.ReplaceAsync(
                        name is null ? null : target.Place.Name, name is null ? AnnotationFile.AccountFile : AnnotationFile.MailboxFile,
                        file.Format(), CancellationToken.None)
                    : StoreError.NotPermitted;
            },
            cancellationToken);
        if (set.Error != StoreError.None)
        {
            return set;
        }
        (target.Account as ISideFiles)?.Feed.Publish(
            new AccountChange.AnnotationsChanged(name is null ? null : target.Place.Name, [.. annotations.Select(a => a.Entry)], user.Name));
        return name is null ? set : await TouchAsync(target);
    }

    /// <summary>The mailbox's mod-sequence grows with each change of an annotation: RFC 7162 §3.2.</summary>
    private static async ValueTask<StoreResult<Done>> TouchAsync(Target target)
    {
        StoreResult<IMailbox> opened = await target.Account.OpenAsync(target.Place.Name, CancellationToken.None);
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return opened.Error;
        }
        await using (mailbox)
        {
            return await MailboxHandle.Of(mailbox).TouchAsync();
        }
    }

    private async ValueTask<StoreResult<Target>> FindAsync(MailboxName name, Rights wanted, CancellationToken cancellationToken)
    {
        StoreResult<Target> found = await FindAsync(name, cancellationToken);
        return found.TryGet(out Target? target) && !target.Rights.Has(wanted) ? AccessMailbox.Refusal(target.Rights) : found;
    }

    private async ValueTask<StoreResult<Target>> FindAnnotatedAsync(MailboxName? name, CancellationToken cancellationToken)
    {
        if (name is null || Sharing is null)
        {
            return new Target(new MailboxPlace(user.Name, name ?? MailboxName.Inbox, IsOwn: true), own, Rights.All);
        }
        StoreResult<Target> found = await FindAsync(name, Rights.Lookup, cancellationToken);
        return found.TryGet(out Target? target) && (target.Rights & AnnotationRights) == 0 ? StoreError.NoPermission : found;
    }

    private static async ValueTask<StoreResult<AnnotationFile>> ReadAnnotationsAsync(Target target, MailboxName? name, CancellationToken cancellationToken)
    {
        if (target.Account is not ISideFiles files)
        {
            return AnnotationFile.Parse([]);
        }
        StoreResult<ReadOnlyMemory<byte>> read = name is null
            ? await files.ReadAsync(null, AnnotationFile.AccountFile, cancellationToken)
            : await files.ReadAsync(target.Place.Name, AnnotationFile.MailboxFile, cancellationToken);
        return read.TryGet(out ReadOnlyMemory<byte> content) ? AnnotationFile.Parse(content.Span) : read.Error;
    }

    /// <summary>INBOX keeps its annotations when it is renamed, and the new mailbox gets them too. RFC 5464 §4.1.</summary>
    private static async ValueTask<StoreResult<Done>> CopyAnnotationsAsync(IMailAccount account, MailboxName from, MailboxName to)
    {
        if (account is not ISideFiles files)
        {
            return default(Done);
        }
        StoreResult<ReadOnlyMemory<byte>> read = await files.ReadAsync(from, AnnotationFile.MailboxFile, CancellationToken.None);
        return !read.TryGet(out ReadOnlyMemory<byte> content) ? read.Error
            : content.IsEmpty ? default(Done)
            : await files.ReplaceAsync(to, AnnotationFile.MailboxFile, content, CancellationToken.None);
    }
}
