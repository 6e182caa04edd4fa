using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>SEARCH and UID SEARCH — RFC 3501 §6.4.4, §6.4.8.</summary>
internal static class SearchCommand
{
    public static readonly ImapCommand Definition = new("SEARCH", ImapStates.Selected, ImapEffects.ReportsChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Sequence));

    public static readonly ImapCommand UidDefinition = new("UID SEARCH", ImapStates.Selected, ImapCommand.AllChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Uid));

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, Numbering numbering)
    {
        switch (SearchGrammar.Parse(arguments, session.Services.IsDisabled, out SearchKey? key))
        {
            case SearchFault.Syntax:
                return ImapErrors.Syntax(arguments);
            case SearchFault.Charset:
                return ImapCompletion.No("BADCHARSET (US-ASCII UTF-8)", "charset not known");
        }
        SelectedMailbox selected = session.Selected!;
        SearchRun run = new(session, selected);
        if (!run.TryBind(key, out SearchKey bound))
        {
            return ImapErrors.BadSequence;
        }
        MailboxSnapshot view = selected.View;
        List<int> found = await run.RunAsync(bound, CancellationToken.None);
        if (run.Error != StoreError.None)
        {
            return ImapErrors.ToCompletion(run.Error);
        }
        ImapWriter writer = session.Writer;
        writer.Write("* SEARCH"u8);
        foreach (int index in found)
        {
            writer.Write(" "u8);
            writer.WriteNumber(numbering == Numbering.Uid ? view[index].Uid.Value : index + 1);
            if (writer.IsFull)
            {
                await writer.FlushAsync();
            }
        }
        writer.Write("\r\n"u8);
        return ImapCompletion.Ok("searched");
    }
}
