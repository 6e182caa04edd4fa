using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Dovecot's <c>subscriptions</c>: version 1 has one folder a line, without its first dot; version 2 begins with <c>V TAB 2</c> and an empty
/// line, and has tabs between levels. Lines that say no mailbox of ours (another namespace's) are kept.
/// </summary>
internal sealed class SubscriptionList
{
    public const string FileName = "subscriptions";
    private const string SecondVersion = "V\t2";
    private const string InboxLine = "INBOX";

    private readonly List<string> _foreign = [];
    private bool _isSecondVersion;

    public HashSet<MailboxName> Names { get; } = [];

    public static SubscriptionList Parse(ReadOnlySpan<byte> content, FolderSpelling spelling)
    {
        var list = new SubscriptionList();
        foreach (string line in OctetText.Decode(content).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line == SecondVersion)
            {
                list._isSecondVersion = true;
            }
            else if (TryRead(line, spelling, out MailboxName? name))
            {
                list.Names.Add(name);
            }
            else
            {
                list._foreign.Add(line);
            }
        }
        return list;
    }

    public byte[] Format(FolderSpelling spelling)
    {
        var text = new StringBuilder(_isSecondVersion ? SecondVersion + "\n\n" : "");
        foreach (MailboxName name in Names.OrderBy(n => n.Value, StringComparer.Ordinal))
        {
            string line = name.IsInbox ? InboxLine : FolderNames.Encode(name, spelling)[1..];
            text.Append(_isSecondVersion ? line.Replace('.', '\t') : line).Append('\n');
        }
        _foreign.ForEach(line => text.Append(line).Append('\n'));
        return OctetText.Encode(text.ToString());
    }

    private static bool TryRead(string line, FolderSpelling spelling, [NotNullWhen(true)] out MailboxName? name)
    {
        if (line == InboxLine)
        {
            name = MailboxName.Inbox;
            return true;
        }
        return FolderNames.TryDecode("." + line.Replace('\t', '.'), spelling, out name);
    }
}
