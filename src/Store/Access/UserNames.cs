using System.Diagnostics.CodeAnalysis;

namespace MailAccess.Store.Access;

/// <summary>Whose a name is: a user's names, and what they stand for in the accounts.</summary>
/// <param name="Owner">The account.</param>
/// <param name="Name">The mailbox in it.</param>
/// <param name="IsOwn">It is the user's own.</param>
internal sealed record MailboxPlace(string Owner, MailboxName Name, bool IsOwn);

/// <summary>The three namespaces as one user sees them. Pure: no look at what exists.</summary>
internal sealed class UserNames(SharingOptions? sharing, string user)
{
    /// <inheritdoc cref="SharingOptions.IsForeign"/>
    public bool IsForeign(MailboxName name) => sharing is not null && sharing.IsForeign(name);

    /// <summary>False for names that can be no mailbox: roots of namespaces, oneself among the others.</summary>
    public bool TryResolve(MailboxName name, [NotNullWhen(true)] out MailboxPlace? place)
    {
        place = null;
        if (!IsForeign(name))
        {
            place = new MailboxPlace(user, name, IsOwn: true);
            return true;
        }
        string[] levels = name.Levels;
        bool isPublic = levels[0] != sharing!.OthersPrefix;
        int skipped = isPublic ? 1 : 2;
        string owner = isPublic ? sharing.SystemAccount : levels.ElementAtOrDefault(1) ?? "";
        if (levels.Length <= skipped || (!isPublic && (owner == user || owner == sharing.SystemAccount))
            || !MailboxName.TryParse(string.Join(MailboxName.Separator, levels[skipped..]), out MailboxName? rest) || (isPublic && rest.IsInbox))
        {
            return false;
        }
        place = new MailboxPlace(owner, rest, IsOwn: false);
        return true;
    }

    /// <summary>The inverse, of others' mailboxes. False where the name would be none: an owner with a slash, too long, too deep.</summary>
    public bool TryName(string owner, MailboxName name, [NotNullWhen(true)] out MailboxName? shown)
    {
        bool isPublic = owner == sharing!.SystemAccount;
        string prefix = isPublic ? sharing.PublicPrefix : sharing.OthersPrefix + MailboxName.Separator + owner;
        shown = null;
        return (!isPublic || (sharing.HasPublic && !name.IsInbox))
            && MailboxName.TryParse(prefix + MailboxName.Separator + name.Value, out shown)
            && TryResolve(shown, out MailboxPlace? back) && back.Owner == owner && back.Name == name;
    }
}
