using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Model;

/// <summary>How the lines of a list of subscriptions spell mailboxes other than INBOX.</summary>
internal interface ISubscriptionSpelling
{
    /// <summary>What stands between levels in a list of version 1.</summary>
    char Separator { get; }

    /// <summary>Null where there is no way to write it.</summary>
    string? Encode(MailboxName name);

    /// <summary>False for what is no mailbox of ours.</summary>
    bool TryDecode(string line, [NotNullWhen(true)] out MailboxName? name);
}

/// <summary>
/// Dovecot's list of subscriptions: version 1 has one mailbox a line; version 2 begins with <c>V TAB 2</c> and an empty line, and has tabs between
/// levels. Lines that say no mailbox of ours (another namespace's) are kept, and so is the version.
/// </summary>
internal sealed class SubscriptionList
{
    private const string SecondVersion = "V\t2";
    private const string InboxLine = "INBOX";

    private readonly List<string> _foreign = [];
    private bool _isSecondVersion;

    public HashSet<MailboxName> Names { get; } = [];

    public static SubscriptionList Parse(ReadOnlySpan<byte> content, ISubscriptionSpelling spelling)
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

    public byte[] Format(ISubscriptionSpelling spelling)
    {
        var text = new StringBuilder(_isSecondVersion ? SecondVersion + "\n\n" : "");
        foreach (MailboxName name in Names.OrderBy(n => n.Value, StringComparer.Ordinal))
        {
            if ((name.IsInbox ? InboxLine : spelling.Encode(name)) is { } line)
            {
                text.Append(_isSecondVersion ? line.Replace(spelling.Separator, '\t') : line).Append('\n');
            }
        }
        _foreign.ForEach(line => text.Append(line).Append('\n'));
        return OctetText.Encode(text.ToString());
    }

    private static bool TryRead(string line, ISubscriptionSpelling spelling, [NotNullWhen(true)] out MailboxName? name)
    {
        if (line == InboxLine)
        {
            name = MailboxName.Inbox;
            return true;
        }
        return spelling.TryDecode(line.Replace('\t', spelling.Separator), out name);
    }
}
