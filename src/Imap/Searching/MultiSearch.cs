using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching.Contexts;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Searching;

/// <summary>
/// Runs one search in one mailbox after another and tells each result as soon as it is there. What the user may not read, and what is not
/// there, is passed over without a word: RFC 7377 §2.2, §5.
/// </summary>
internal static class MultiSearch
{
    private static readonly ImapCompletion Searched = ImapCompletion.Ok("searched");

    /// <summary>A mailbox that cannot be read now does not keep the others from being searched, but then the answer is NO.</summary>
    public static async ValueTask<ImapCompletion> RunAsync(ImapSession session, SearchRequest request, IReadOnlyList<MailboxFilter> sources)
    {
        if (request.ReusesTag(session))
        {
            return SearchRequest.TagInUse;
        }
        (SearchKey key, ImapCompletion refusal) = await SearchFilters.ResolveAsync(session, request.Key);
        if (refusal.IsGiven)
        {
            return refusal;
        }
        request = request with { Key = key, IsOneOfMany = true };
        MailboxName? selected = session.Selected?.Mailbox.Name;
        StoreResult<List<MailboxName>> resolved = await SearchSources.ResolveAsync(session.Account!, selected, sources);
        if (!resolved.TryGet(out List<MailboxName>? names))
        {
            return ImapErrors.ToCompletion(resolved.Error);
        }
        if (names.Count > session.Services.Limits.SearchedMailboxesMax)
        {
            return ImapCompletion.No("LIMIT", "too many mailboxes for one search"); // RFC 7377 §2.4.
        }
        if (request.Options is { Updates: true } && (selected is null || !names.Contains(selected)))
        {
            UpdateContexts.WriteRefusal(session.Writer, session.Tag, "only the selected mailbox can be kept up to date");
        }
        ImapCompletion total = Searched;
        foreach ((int index, MailboxName name) in names.Index())
        {
            session.Progress.CountParts(index, names.Count);
            ImapCompletion one = await RunInAsync(session, request, name);
            bool keepsNumbers = total.KeepsNumbers || one.KeepsNumbers;
            total = (total.Status == ImapStatus.Ok ? one : total) with { KeepsNumbers = keepsNumbers };
            await session.Writer.FlushAsync();
            session.Progress.Speak();
        }
        return total;
    }

    private static async ValueTask<ImapCompletion> RunInAsync(ImapSession session, SearchRequest request, MailboxName name)
    {
        if (session.Selected is { } selected && selected.Mailbox.Name == name)
        {
            return selected.Rights.Has(Rights.Read) ? await request.RunAsync(session, SearchTarget.Of(selected), selected) : Searched;
        }
        StoreResult<IMailbox> opened = await session.Account!.OpenAsync(name, CancellationToken.None);
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return opened.Error is StoreError.NotFound or StoreError.NotPermitted or StoreError.NoPermission or StoreError.InvalidName
                ? Searched : ImapErrors.ToCompletion(opened.Error);
        }
        await using (mailbox)
        {
            if (!SelectedMailbox.RightsTo(mailbox).Has(Rights.Read))
            {
                return Searched;
            }
            StoreResult<Done> refreshed = await session.Progress.WatchAsync(mailbox.RefreshAsync(CancellationToken.None));
            if (refreshed.Error != StoreError.None)
            {
                return mailbox.IsGone ? Searched : ImapErrors.ToCompletion(refreshed.Error);
            }
            Uid firstRecent = mailbox.ClaimRecent(onlyLook: true);
            SearchTarget target = new(mailbox, mailbox.Snapshot) { IsRecent = uid => uid >= firstRecent };
            ImapCompletion completion = await request.RunAsync(session, target, selected: null);
            return mailbox.IsGone ? Searched : completion;
        }
    }
}
