using System.Diagnostics.CodeAnalysis;
using MailAccess.Store.Model;

namespace MailAccess.Store.Mbox;

/// <summary>The <c>.subscriptions</c> beside mbox files: paths below the account's folder.</summary>
internal sealed class TreeSubscriptions : ISubscriptionSpelling
{
    public const string FileName = ".subscriptions";

    public char Separator => '/';

    public string? Encode(MailboxName name) => TreeNames.Encode(name);

    public bool TryDecode(string line, [NotNullWhen(true)] out MailboxName? name) => TreeNames.TryDecode(line, out name);
}
