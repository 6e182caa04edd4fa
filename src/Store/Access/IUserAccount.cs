using MailAccess.Store.Metadata;

namespace MailAccess.Store.Access;

/// <summary>How <see cref="IUserAccount.SetAccessAsync"/> combines rights with those an entry has. RFC 4314 §3.1.</summary>
public enum AccessChange
{
    /// <summary>Replaces them.</summary>
    Replace,
    /// <summary><c>+</c></summary>
    Add,
    /// <summary><c>-</c></summary>
    Remove,
}

/// <summary>What one user sees: his own mailboxes, those that others share with him, public ones; lists of access, and annotations.</summary>
/// <remarks>
/// Who has no <c>l</c> right to a mailbox gets <see cref="StoreError.NotFound"/>, as if there were none (RFC 4314 §6); who has it
/// and lacks the right that is needed, <see cref="StoreError.NoPermission"/>.
/// </remarks>
public interface IUserAccount : IMailAccount
{
    /// <summary>Null: nothing is shared here, and access cannot be asked for.</summary>
    SharingOptions? Sharing { get; }

    /// <summary>GETACL. An owner of whom the list says nothing stands first, with all rights.</summary>
    ValueTask<StoreResult<IReadOnlyList<AccessEntry>>> GetAccessAsync(MailboxName name, CancellationToken cancellationToken);

    /// <summary>SETACL. The other end of a list's length is <see cref="StoreError.LimitReached"/>.</summary>
    ValueTask<StoreResult<Done>> SetAccessAsync(
        MailboxName name, AccessSubject subject, bool isNegative, AccessChange change, Rights rights, CancellationToken cancellationToken);

    /// <summary>DELETEACL.</summary>
    ValueTask<StoreResult<Done>> DeleteAccessAsync(MailboxName name, AccessSubject subject, bool isNegative, CancellationToken cancellationToken);

    /// <summary>MYRIGHTS: needs one of <c>l r i k x a</c>.</summary>
    ValueTask<StoreResult<Rights>> GetMyRightsAsync(MailboxName name, CancellationToken cancellationToken);

    /// <summary>LISTRIGHTS: the rights that the subject always has.</summary>
    ValueTask<StoreResult<Rights>> GetRequiredRightsAsync(MailboxName name, AccessSubject subject, CancellationToken cancellationToken);

    /// <summary>Annotations that this user may see, of a mailbox or (null) of the server; ordered by entry.</summary>
    ValueTask<StoreResult<IReadOnlyList<Annotation>>> GetAnnotationsAsync(MailboxName? name, CancellationToken cancellationToken);

    /// <summary>
    /// Sets annotations, all or none; a null value removes. <see cref="StoreError.TooBig"/>, <see cref="StoreError.LimitReached"/> and
    /// <see cref="StoreError.NoPermission"/> as one expects, <see cref="StoreError.NotPermitted"/> for what only the server sets.
    /// </summary>
    ValueTask<StoreResult<Done>> SetAnnotationsAsync(MailboxName? name, IReadOnlyList<Annotation> annotations, CancellationToken cancellationToken);

    /// <summary>
    /// HMAC-SHA-256 of the text by this user's access key to the mailbox (RFC 4467 §2.2), bound to the mailbox's identity and UIDVALIDITY: 32
    /// octets. Each user has a key of his own to each mailbox; it never leaves the store.
    /// </summary>
    /// <param name="mailbox">One that this account has opened.</param>
    /// <param name="text">What is signed.</param>
    /// <param name="makesKey">
    /// Where there is no key one is made, durably; <see cref="StoreError.LimitReached"/> where the user has too many. Else the text is signed
    /// by a key that nobody knows, so that the answer takes as long and is never right.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<StoreResult<ReadOnlyMemory<byte>>> SignAsync(IMailbox mailbox, ReadOnlyMemory<byte> text, bool makesKey, CancellationToken cancellationToken);

    /// <summary>A new access key to the mailbox, durably; null: the keys to all mailboxes are gone. Nothing signed before is right any more.</summary>
    ValueTask<StoreResult<Done>> RenewAccessKeyAsync(IMailbox? mailbox, CancellationToken cancellationToken);
}
