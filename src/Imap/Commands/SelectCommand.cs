using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Mailboxes;
using MailAccess.Message;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Commands;

/// <summary>SELECT and EXAMINE — RFC 3501 §6.3.1, §6.3.2, RFC 9051 §6.3.2, §6.3.3; with CONDSTORE and QRESYNC, RFC 7162 §3.1.8, §3.2.5.</summary>
internal static class SelectCommand
{
    public static readonly ImapCommand Definition =
        new("SELECT", ImapStates.LoggedIn, ImapEffects.None, (session, arguments) => ExecuteAsync(session, arguments, isReadOnly: false));

    public static readonly ImapCommand ExamineDefinition =
        new("EXAMINE", ImapStates.LoggedIn, ImapEffects.None, (session, arguments) => ExecuteAsync(session, arguments, isReadOnly: true));

    /// <summary>RFC 4314 §5.2: whoever has none of these opens for reading only. All flags are shared here.</summary>
    private const Rights ChangingRights = Rights.Insert | Rights.Expunge | Rights.Seen | Rights.Write | Rights.DeleteMessages;

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, bool isReadOnly)
    {
        // select = "SELECT" SP mailbox [select-params]     RFC 4466 §6
        ImapServices services = session.Services;
        if (!(arguments.TrySpace() && arguments.TryMailbox(out MailboxName? name, out string supplied)
              && SelectParameters.TryParse(arguments, services, session.Enabled, out SelectParameters parameters) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (session.IsUidOnly && parameters.QResync is { MatchNumbers: not null })
        {
            return ImapErrors.UidRequired; // RFC 9586 §3.7.
        }
        if (session.Selected is not null && (session.IsRevision2 || !services.IsDisabled("CONDSTORE")))
        {
            session.Writer.WriteUntagged("OK [CLOSED] the former mailbox is closed"); // RFC 7162 §3.2.11, RFC 9051 §6.3.2.
        }
        await session.SelectAsync(null); // The former one is left even if this fails, §6.3.1.
        if (parameters.IsCondStore)
        {
            session.Enable(ImapExtensions.CondStore);
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<IMailbox> opened = await session.Progress.WatchAsync(session.Account!.OpenAsync(name, CancellationToken.None));
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return ImapErrors.ToCompletion(opened.Error);
        }
        StoreResult<Done> refreshed = await session.Progress.WatchAsync(mailbox.RefreshAsync(CancellationToken.None));
        if (!refreshed.TryGet(out _))
        {
            await mailbox.DisposeAsync();
            return ImapErrors.ToCompletion(refreshed.Error);
        }
        isReadOnly |= (SelectedMailbox.RightsTo(mailbox) & ChangingRights) == 0;
        SelectedMailbox selected = new(mailbox, isReadOnly, session.Enabled);
        await session.SelectAsync(selected);
        Describe(session, selected);
        if (session.IsRevision2)
        {
            await ListCommand.WriteOneAsync(session, name, supplied);
        }
        if (!services.IsDisabled("OBJECTID"))
        {
            session.Writer.WriteUntagged($"OK [MAILBOXID ({ObjectId.OfMailbox(mailbox.MailboxId)})] its identity"); // RFC 8474 §4.2.
        }
        if (!services.IsDisabled(UrlCommands.Capability))
        {
            session.Writer.WriteUntagged($"OK [{UrlCommands.Mechanisms}] how URLs can be authorized"); // RFC 4467 §8.
        }
        if (!services.IsDisabled("CONDSTORE"))
        {
            session.WriteHighestModSeq(selected.View.HighestModSeq); // RFC 7162 §3.1.2.1. Every mailbox has one: no NOMODSEQ.
        }
        if (parameters.QResync is { } request)
        {
            await Resynchronization.RunAsync(session.Writer, selected, request, session.Enabled);
        }
        return isReadOnly ? ImapCompletion.Ok("READ-ONLY", "examined") : ImapCompletion.Ok("READ-WRITE", "selected");
    }

    private static void Describe(ImapSession session, SelectedMailbox selected)
    {
        ImapWriter writer = session.Writer;
        MailboxSnapshot view = selected.View;
        selected.WriteKeywords(writer, view.Keywords);
        writer.WriteUntagged($"{view.Count} EXISTS");
        if (!session.IsRevision2)
        {
            // RFC 9051 appendix E, 11 and 12.
            writer.WriteUntagged($"{selected.RecentCount} RECENT");
        }
        if (!session.IsRevision2 && !session.IsUidOnly) // A sequence number.
        {
            WriteFirstUnseen(writer, view);
        }
        writer.WriteUntagged($"OK [UIDVALIDITY {view.UidValidity}] UIDs valid");
        writer.WriteUntagged($"OK [UIDNEXT {view.UidNext}] next UID");
    }

    private static void WriteFirstUnseen(ImapWriter writer, MailboxSnapshot view)
    {
        for (int i = 0; i < view.Count && view.UnseenCount > 0; i++)
        {
            if ((view[i].Flags & SystemFlags.Seen) == 0)
            {
                writer.WriteUntagged($"OK [UNSEEN {i + 1}] first unseen message");
                return;
            }
        }
    }
}
