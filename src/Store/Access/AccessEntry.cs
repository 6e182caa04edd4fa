using System.Diagnostics.CodeAnalysis;

namespace MailAccess.Store.Access;

/// <summary>Whom an entry of an access control list is about, in the order in which a later one outweighs an earlier one.</summary>
public enum SubjectKind
{
    /// <summary>Everybody.</summary>
    Anyone,
    /// <summary>Everybody who has logged in.</summary>
    Authenticated,
    /// <summary>The members of a group.</summary>
    Group,
    /// <summary>Whose account the mailbox is in.</summary>
    Owner,
    /// <summary>One user.</summary>
    User,
    /// <summary>The members of a group, whatever they have as users.</summary>
    GroupOverride,
}

/// <summary>The identifier of an entry without its sign. RFC 4314 §2.</summary>
public sealed record AccessSubject(SubjectKind Kind, string Name)
{
    /// <summary>Longest name in characters; also those of users whom nobody knows are taken, so there is a bound.</summary>
    public const int NameLengthMax = 255;

    /// <summary>As IMAP says it: <c>anyone</c>, <c>authenticated</c>, <c>owner</c>, <c>$group</c>, <c>!$group</c>, or a user's name.</summary>
    public override string ToString() => Kind switch
    {
        SubjectKind.Anyone => "anyone",
        SubjectKind.Authenticated => "authenticated",
        SubjectKind.Owner => "owner",
        SubjectKind.Group => "$" + Name,
        SubjectKind.GroupOverride => "!$" + Name,
        _ => Name,
    };

    /// <summary>The inverse. False for what can be no identifier: empty, too long, with control characters, or with a sign of its own.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AccessSubject? subject)
    {
        subject = text switch
        {
            "anyone" => new(SubjectKind.Anyone, ""),
            "authenticated" => new(SubjectKind.Authenticated, ""),
            "owner" => new(SubjectKind.Owner, ""),
            ['$', .. string group] => new(SubjectKind.Group, group),
            ['!', '$', .. string group] => new(SubjectKind.GroupOverride, group),
            _ => new(SubjectKind.User, text),
        };
        bool isNamed = subject.Kind is SubjectKind.User or SubjectKind.Group or SubjectKind.GroupOverride;
        if (text.Length > NameLengthMax || text.Any(char.IsControl) || (isNamed && (subject.Name.Length == 0 || subject.Name[0] is '-' or '$' or '!' or '#')))
        {
            subject = null;
        }
        return subject is not null;
    }
}

/// <summary>One line of an access control list.</summary>
/// <param name="Subject">Whom it is about.</param>
/// <param name="IsNegative">The rights are taken away: RFC 4314 §2, "negative right".</param>
/// <param name="Rights">Which.</param>
public sealed record AccessEntry(AccessSubject Subject, bool IsNegative, Rights Rights)
{
    /// <summary>The identifier with its sign.</summary>
    public string Identifier => (IsNegative ? "-" : "") + Subject;
}

/// <summary>Somebody for whom rights are worked out.</summary>
/// <param name="Name">The account's name.</param>
/// <param name="Groups">Groups that it is in.</param>
public sealed record AccessUser(string Name, IReadOnlyList<string> Groups)
{
    /// <summary>Whether an entry is about this user.</summary>
    public bool Is(AccessSubject subject, bool isOwner) => subject.Kind switch
    {
        SubjectKind.Anyone or SubjectKind.Authenticated => true,
        SubjectKind.Owner => isOwner,
        SubjectKind.User => subject.Name == Name,
        _ => Groups.Contains(subject.Name, StringComparer.Ordinal),
    };
}
