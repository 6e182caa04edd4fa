using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>Whether the originals stay.</summary>
internal enum CopyKind
{
    /// <summary>COPY: all messages or none.</summary>
    Copy,
    /// <summary>MOVE: each of them.</summary>
    Move,
}

/// <summary>copy = "COPY" SP sequence-set SP mailbox — RFC 3501 §9; move likewise, RFC 6851 §5. Resolved against the view.</summary>
internal sealed record CopyRequest(UidSet Uids, MailboxName Destination, Numbering Numbering)
{
    /// <summary>The lowest UID, where the limit leaves some messages out. RFC 9738.</summary>
    public Uid? Lowest { get; private init; }

    public static bool TryParse(
        ImapSession session, ImapArguments arguments, Numbering numbering, CopyKind kind, [NotNullWhen(true)] out CopyRequest? request,
        out ImapCompletion refusal)
    {
        request = null;
        refusal = default;
        if (!(arguments.TrySpace() && arguments.TrySequenceSet(out SequenceSet set)
              && arguments.TrySpace() && arguments.TryMailbox(out MailboxName? destination) && arguments.AtEnd))
        {
            refusal = ImapErrors.Syntax(arguments);
            return false;
        }
        SelectedMailbox selected = session.Selected!;
        if (!selected.TryResolve(set, numbering, out IndexRanges indices))
        {
            refusal = ImapErrors.BadSequence;
            return false;
        }
        if (destination is null)
        {
            refusal = ImapErrors.InvalidName;
            return false;
        }
        if (kind == CopyKind.Copy && indices.Count > session.Services.SavesMax)
        {
            int limit = session.Services.SavesMax;
            refusal = MessageLimit.Refuse(limit, selected.View[indices.Slice(indices.Count - limit, 1).Ranges[0].First].Uid); // All or none: RFC 9738 §3.1.
            return false;
        }
        (indices, Uid? lowest) = kind == CopyKind.Copy ? (indices, null) : MessageLimit.Cut(session.Services, selected.View, indices);
        request = new CopyRequest(indices.ToUids(selected.View), destination, numbering) { Lowest = lowest };
        return true;
    }

    /// <summary>
    /// UIDs that have vanished are passed over with OK (RFC 3501 §6.4.8; some clients ask for ever otherwise). Sequence
    /// numbers name messages that were there: RFC 2180 §4.4. An empty <c>$</c> is no error: RFC 5182 §2.1.
    /// </summary>
    public ImapCompletion Nothing(string verb) => Numbering == Numbering.Uid || Uids.IsEmpty
        ? ImapCompletion.Ok($"nothing to {verb}")
        : ImapErrors.ToCompletion(StoreError.Expunged);

    /// <summary>resp-code-copy = "COPYUID" SP nz-number SP uid-set SP uid-set — RFC 4315 §4, both in the same order.</summary>
    public static string CopyUid(CopyOutcome outcome)
    {
        StringBuilder code = new("COPYUID ");
        code.Append(outcome.DestinationUidValidity).Append(' ');
        AppendInOrder(code, outcome.Sources);
        code.Append(' ');
        AppendInOrder(code, outcome.Destinations);
        return code.ToString();
    }

    /// <summary>Runs become ranges, but nothing is sorted: the two sets correspond by position.</summary>
    public static void AppendInOrder(StringBuilder code, IReadOnlyList<Uid> uids)
    {
        int at = 0;
        while (at < uids.Count)
        {
            int end = at;
            while (end + 1 < uids.Count && uids[end + 1].Value == uids[end].Value + 1)
            {
                end++;
            }
            code.Append(at == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{uids[at].Value}");
            if (end > at)
            {
                code.Append(CultureInfo.InvariantCulture, $":{uids[end].Value}");
            }
            at = end + 1;
        }
    }
}
