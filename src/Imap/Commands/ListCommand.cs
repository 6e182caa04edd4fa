using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Store.Metadata;

namespace MailAccess.Imap.Commands;

/// <summary>
/// LIST — RFC 3501 §6.3.8, extended by RFC 5258, RFC 5819, RFC 8440 and RFC 9590; children attributes of RFC 3348 §3, special uses of RFC 6154 §2.
/// </summary>
internal static class ListCommand
{
    public static readonly ImapCommand Definition = new("LIST", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    /// <summary>
    /// XLIST, Google's LIST with special uses from before RFC 6154: some old clients find out by it alone where to put what they send and delete.
    /// Its names of uses and those of RFC 6154 are both given, since servers gave the one or the other.
    /// </summary>
    public static readonly ImapCommand ExtendedByUses =
        new("XLIST", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteXlistAsync) { Capability = "XLIST" };

    /// <summary>mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox — RFC 3501 §9.</summary>
    public static void WriteName(ImapWriter writer, ReadOnlySpan<byte> verb, string attributes, MailboxName name)
    {
        writer.Write("* "u8);
        writer.Write(verb);
        writer.Write(" ("u8);
        writer.Write(attributes);
        writer.Write(") \"/\" "u8);
        writer.WriteMailbox(name);
    }

    /// <summary>
    /// LIST about one mailbox, which comes with another command to clients of IMAP4rev2, and says under which name they gave it where that is
    /// not its own: RFC 9051 §6.3.2, §6.3.9.7.
    /// </summary>
    /// <param name="session">The client's.</param>
    /// <param name="name">The mailbox.</param>
    /// <param name="supplied">Its name as the client wrote it.</param>
    /// <param name="isDeleted">It is none any more, though the name may be left. Else one that is not listed is one that this user may not list.</param>
    public static async ValueTask WriteOneAsync(ImapSession session, MailboxName name, string supplied, bool isDeleted = false)
    {
        StoreResult<IReadOnlyList<MailboxListing>> all = await session.Account!.ListAsync(CancellationToken.None);
        if (!all.TryGet(out IReadOnlyList<MailboxListing>? listings))
        {
            return; // What cannot be known is not told.
        }
        MailboxListing? listing = listings.FirstOrDefault(l => l.Name == name) ?? (isDeleted ? null : new MailboxListing { Name = name });
        ListedName listed = new(name, listing, listing is { IsSubscribed: true }, IsSelected: true, HasSelectedBelow: false);
        WriteUnasked(session, listed, ListReturn.Children, supplied == name.Value ? null : supplied);
    }

    /// <summary>LIST that no LIST asked for, in its extended form.</summary>
    /// <param name="session">The client's.</param>
    /// <param name="listed">The name.</param>
    /// <param name="returns">What stands with it.</param>
    /// <param name="oldName">Its OLDNAME, or null. RFC 5465 §8: oldname-extended-item = "OLDNAME" SP "(" mailbox ")".</param>
    /// <param name="firstAttribute">Stands before what is reckoned from the name.</param>
    public static void WriteUnasked(ImapSession session, ListedName listed, ListReturn returns, string? oldName, string firstAttribute = "")
    {
        ImapWriter writer = session.Writer;
        WriteName(writer, "LIST"u8, firstAttribute + Attributes(listed, returns, isExtended: true, session.Services, isUnusable: false), listed.Name);
        if (oldName is not null)
        {
            writer.Write(" (\"OLDNAME\" ("u8);
            writer.WriteName(oldName);
            writer.Write("))"u8);
        }
        writer.Write("\r\n"u8);
    }

    /// <summary>The same where the client gave another name than the mailbox has. RFC 9051 §6.3.9.7.</summary>
    public static ValueTask WriteNormalizedAsync(ImapSession session, MailboxName name, string supplied, bool isDeleted = false) =>
        session.IsRevision2 && supplied != name.Value ? WriteOneAsync(session, name, supplied, isDeleted) : default;

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        if (!ListRequest.TryParse(arguments, session.Services, out ListRequest request))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (request.Status is { AsksModSeq: true })
        {
            session.Enable(ImapExtensions.CondStore);
        }
        if (request.AsksForSeparator)
        {
            // An empty pattern asks for the separator and the root of the reference, RFC 3501 §6.3.8.
            session.Writer.Write("* LIST (\\Noselect) \"/\" \"\"\r\n"u8);
            return ImapCompletion.Ok("listed");
        }
        StoreResult<IReadOnlyList<MailboxListing>> all = await session.Account!.ListAsync(CancellationToken.None);
        if (!all.TryGet(out IReadOnlyList<MailboxListing>? listings))
        {
            return ImapErrors.ToCompletion(all.Error);
        }
        StoreResult<IReadOnlyList<MailboxName>> subscriptions = await session.Account.ListSubscriptionsAsync(CancellationToken.None);
        if (!subscriptions.TryGet(out IReadOnlyList<MailboxName>? subscribed))
        {
            return ImapErrors.ToCompletion(subscriptions.Error);
        }
        foreach (ListedName listed in ListSelector.Select(request, listings, subscribed))
        {
            await WriteAsync(session, request, listed);
            if (session.Writer.IsFull)
            {
                await session.Writer.FlushAsync();
            }
        }
        return ImapCompletion.Ok("listed");
    }

    private static async ValueTask<ImapCompletion> ExecuteXlistAsync(ImapSession session, ImapArguments arguments)
    {
        if (!ListRequest.TryParsePlain(arguments, out ListRequest request))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (request.AsksForSeparator)
        {
            session.Writer.Write("* XLIST (\\Noselect) \"/\" \"\"\r\n"u8);
            return ImapCompletion.Ok("listed");
        }
        StoreResult<IReadOnlyList<MailboxListing>> all = await session.Account!.ListAsync(CancellationToken.None);
        if (!all.TryGet(out IReadOnlyList<MailboxListing>? listings))
        {
            return ImapErrors.ToCompletion(all.Error);
        }
        foreach (ListedName listed in ListSelector.Select(request, listings, []))
        {
            string attributes = Attributes(listed, ListReturn.Children, isExtended: false, session.Services, isUnusable: false);
            string? googles = NameOfGoogle(listed);
            WriteName(session.Writer, "XLIST"u8, googles is null ? attributes : attributes + " " + googles, listed.Name);
            session.Writer.Write("\r\n"u8);
            if (session.Writer.IsFull)
            {
                await session.Writer.FlushAsync();
            }
        }
        return ImapCompletion.Ok("listed");
    }

    /// <summary>Of the use, where RFC 6154 has another one or none.</summary>
    private static string? NameOfGoogle(ListedName listed) => listed.Listing?.SpecialUse switch
    {
        SpecialUse.Junk => "\\Spam",
        SpecialUse.All => "\\AllMail",
        SpecialUse.Flagged => "\\Starred",
        _ => listed.Name.IsInbox ? "\\Inbox" : null,
    };

    private static async ValueTask WriteAsync(ImapSession session, ListRequest request, ListedName listed)
    {
        // The answer to STATUS follows its LIST, and LIST must say where there can be none (RFC 5819 §2): so that comes first.
        IMailbox? mailbox = null;
        bool wantsStatus = request.Status is not null && listed is { IsSelected: true, Listing.IsSelectable: true };
        bool isUnusable = wantsStatus
            && !(await session.Progress.WatchAsync(request.Status!.OpenAsync(session.Account!, listed.Name))).TryGet(out mailbox);
        ImapWriter writer = session.Writer;
        WriteName(writer, "LIST"u8, Attributes(listed, request.Return, request.IsExtended, session.Services, isUnusable), listed.Name);
        if (listed.HasSelectedBelow)
        {
            writer.Write(" (\"CHILDINFO\" (\"SUBSCRIBED\"))"u8); // RFC 5258 §3.5.
        }
        writer.Write("\r\n"u8);
        if ((request.Return & ListReturn.MyRights) != 0 && listed is { IsSelected: true, Listing.IsSelectable: true })
        {
            // Where they cannot be looked up, there is no answer: RFC 8440 §3.
            StoreResult<Rights> rights = await ((IUserAccount)session.Account!).GetMyRightsAsync(listed.Name, CancellationToken.None);
            if (rights.TryGet(out Rights known))
            {
                AccessCommands.WriteMyRights(writer, listed.Name, known);
            }
        }
        if (mailbox is not null)
        {
            await using (mailbox)
            {
                request.Status!.Write(writer, session.Services, mailbox);
            }
        }
        if (request.Entries.Count > 0 && listed is { IsSelected: true, Listing.IsSelectable: true })
        {
            await WriteMetadataAsync(session, request.Entries, listed.Name);
        }
    }

    /// <summary>The values that were asked for, NIL where there is none; nothing where they cannot be read: RFC 9590 §3.</summary>
    private static async ValueTask WriteMetadataAsync(ImapSession session, IReadOnlyList<string> entries, MailboxName name)
    {
        StoreResult<IReadOnlyList<Annotation>> read = await ((IUserAccount)session.Account!).GetAnnotationsAsync(name, CancellationToken.None);
        if (read.TryGet(out IReadOnlyList<Annotation>? all))
        {
            MetadataResponse.Write(session.Writer, name, [.. entries.Select(e => all.FirstOrDefault(a => a.Entry == e) ?? new Annotation(e, null))]);
        }
    }

    /// <summary>mbx-list-flags — RFC 3501 §9, RFC 5258 §6.</summary>
    private static string Attributes(ListedName listed, ListReturn returns, bool isExtended, ImapServices services, bool isUnusable)
    {
        List<string> attributes = [];
        if (listed.Listing is not { IsSelectable: true } || isUnusable)
        {
            // \NonExistent implies \Noselect (RFC 5258 §3), which is what the plain command knows.
            attributes.Add(isExtended && !isUnusable ? "\\NonExistent" : "\\Noselect");
        }
        else if (listed.Listing.IsMarked)
        {
            attributes.Add("\\Marked");
        }
        if (!services.IsDisabled("CHILDREN") || (returns & ListReturn.Children) != 0)
        {
            attributes.Add(listed.Listing is { HasChildren: true } ? "\\HasChildren" : "\\HasNoChildren");
        }
        if ((returns & ListReturn.Subscribed) != 0 && listed.IsSubscribed)
        {
            attributes.Add("\\Subscribed");
        }
        if (listed.Listing is { SpecialUse: not SpecialUse.None } special && !services.IsDisabled("SPECIAL-USE"))
        {
            attributes.Add("\\" + special.SpecialUse);
        }
        return string.Join(' ', attributes);
    }
}
