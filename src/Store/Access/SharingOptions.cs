namespace MailAccess.Store.Access;

/// <summary>How mailboxes are shared between accounts.</summary>
public sealed record SharingOptions
{
    /// <summary>The first level of the names of other users' mailboxes. RFC 2342 §5.</summary>
    public string OthersPrefix { get; init; } = "Other Users";

    /// <summary>The first level of the names of public mailboxes.</summary>
    public string PublicPrefix { get; init; } = "Public";

    /// <summary>
    /// The account that holds the public mailboxes (all but its INBOX) and the list of who shares what. Nobody can log in to it.
    /// </summary>
    public required string SystemAccount { get; init; }

    /// <summary>There is a namespace of public mailboxes.</summary>
    public bool HasPublic { get; init; }

    /// <summary>Users who have every right to public mailboxes.</summary>
    public IReadOnlyList<string> PublicAdministrators { get; init; } = [];

    /// <summary>Every account's name: asked only when the list of who shares what must be made anew.</summary>
    public required Func<CancellationToken, ValueTask<IReadOnlyList<string>>> Accounts { get; init; }

    /// <summary>Groups that a user is in, for <c>group=</c> entries.</summary>
    public Func<string, IReadOnlyList<string>> GroupsOf { get; init; } = _ => [];

    /// <summary>Entries in one access control list.</summary>
    public int EntriesMax { get; init; } = 200;

    /// <summary>Whether the name lies in another namespace than the user's own, or is the root of one.</summary>
    public bool IsForeign(MailboxName name) => name.Levels[0] is var top && (top == OthersPrefix || (HasPublic && top == PublicPrefix));
}
