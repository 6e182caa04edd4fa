using System.Diagnostics.CodeAnalysis;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>A Maildir's <c>subscriptions</c>: folders without their first dot.</summary>
internal sealed class FolderSubscriptions(FolderSpelling spelling) : ISubscriptionSpelling
{
    public const string FileName = "subscriptions";

    public char Separator => '.';

    public string? Encode(MailboxName name) => FolderNames.Encode(name, spelling)[1..];

    public bool TryDecode(string line, [NotNullWhen(true)] out MailboxName? name) => FolderNames.TryDecode("." + line, spelling, out name);
}
