using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;

namespace MailAccess.Imap.Commands;

/// <summary>ENABLE — RFC 5161 §3.1, RFC 9051 §6.3.1. What is unknown is ignored, as both demand; a selected mailbox matters only for what shows it otherwise.</summary>
internal static class EnableCommand
{
    public static readonly ImapCommand Definition =
        new("ENABLE", ImapStates.LoggedIn, ImapCommand.AllChanges, Execute) { Capability = "ENABLE" };

    /// <summary>What can be enabled, in the order of the answer. QRESYNC brings CONDSTORE with it: RFC 7162 §3.2.3.</summary>
    private static readonly (string Name, ImapExtensions Extensions)[] Known =
    [
        ("IMAP4rev2", ImapExtensions.Revision2 | ImapExtensions.Utf8Strings),
        ("CONDSTORE", ImapExtensions.CondStore),
        ("QRESYNC", ImapExtensions.CondStore | ImapExtensions.QResync),
        ("UIDONLY", ImapExtensions.UidOnly),
        ("UTF8=ACCEPT", ImapExtensions.Utf8Strings | ImapExtensions.Utf8Messages),
    ];

    private static ValueTask<ImapCompletion> Execute(ImapSession session, ImapArguments arguments)
    {
        // command-any =/ "ENABLE" 1*(SP capability)     RFC 5161 §4
        ImapExtensions wanted = ImapExtensions.None;
        do
        {
            if (!arguments.TrySpace() || !arguments.TryAtom(out ReadOnlyMemory<byte> atom))
            {
                return new(ImapErrors.Syntax(arguments));
            }
            wanted |= Array.Find(Known, k => Ascii.EqualsIgnoreCase(atom.Span, k.Name) && !session.Services.IsDisabled(k.Name)).Extensions;
        }
        while (!arguments.AtEnd);
        if ((wanted & ~session.Enabled & (ImapExtensions.Utf8Messages | ImapExtensions.Revision2 | ImapExtensions.UidOnly)) != 0 && session.Selected is not null)
        {
            return new(ImapCompletion.Bad("too late: a mailbox is selected")); // RFC 6855 §3, RFC 9051 §6.3.1, RFC 9586 §3.1: what was shown of it would change.
        }
        // enable-data = "ENABLED" *(SP capability)     RFC 5161 §4
        IEnumerable<string> enabled = Known.Where(k => (k.Extensions & ~wanted) == 0).Select(k => " " + k.Name);
        session.Writer.WriteUntagged("ENABLED" + string.Concat(enabled));
        session.Enable(wanted);
        return new(ImapCompletion.Ok(wanted == ImapExtensions.None ? "nothing more is enabled" : "enabled"));
    }
}
