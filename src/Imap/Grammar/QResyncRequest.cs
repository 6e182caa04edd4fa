using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>What a client remembers of a mailbox that it opens again. RFC 7162 §3.2.5.</summary>
/// <param name="UidValidity">The epoch of its UIDs.</param>
/// <param name="Since">Up to here it has heard of everything.</param>
internal sealed record QResyncRequest(UidValidity UidValidity, ModSeq Since)
{
    /// <summary>The UIDs that it is interested in; null: all.</summary>
    public SequenceSet? KnownUids { get; private init; }

    /// <summary>A sample of sequence numbers, with <see cref="MatchUids"/>. RFC 7162 §3.2.5.2.</summary>
    public SequenceSet? MatchNumbers { get; private init; }

    /// <summary>The UIDs that these messages had, in the same order.</summary>
    public SequenceSet? MatchUids { get; private init; }

    /// <summary>SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")" — RFC 7162 §7.</summary>
    public static bool TryParse(ImapArguments arguments, out QResyncRequest request)
    {
        request = null!;
        // A UIDVALIDITY of 0 is no nz-number; it is no mailbox's either, so that nothing follows from it.
        if (!(arguments.TrySpace() && arguments.TryChar((byte)'(', "(UIDVALIDITY mod-sequence …)") && arguments.TryNumber(out uint validity)
              && arguments.TrySpace() && arguments.TryModSeq(out ModSeq since)))
        {
            return false;
        }
        request = new QResyncRequest(new UidValidity(validity), since);
        bool hasMatch = arguments.TryWord(" ("u8);
        if (!hasMatch && arguments.Next == (byte)' ')
        {
            if (!(arguments.TrySpace() && TryFixedSet(arguments, out SequenceSet known)))
            {
                return false;
            }
            request = request with { KnownUids = known };
            hasMatch = arguments.TryWord(" ("u8);
        }
        if (hasMatch)
        {
            // seq-match-data = "(" known-sequence-set SP known-uid-set ")"
            if (!(TryAscendingSet(arguments, out SequenceSet numbers) && arguments.TrySpace() && TryAscendingSet(arguments, out SequenceSet uids)))
            {
                return false;
            }
            if (numbers.NumbersCount != uids.NumbersCount)
            {
                return arguments.Missing("as many UIDs as sequence numbers");
            }
            if (!arguments.TryChar((byte)')', ") behind the UIDs of the sequence numbers"))
            {
                return false;
            }
            request = request with { MatchNumbers = numbers, MatchUids = uids };
        }
        return arguments.TryChar((byte)')', hasMatch ? ")" : "known UIDs, (sequence numbers UIDs) or )");
    }

    /// <summary>Of no message up to this UID the client still has to hear that it went; null where the sample says nothing.</summary>
    public Uid? KnownUpTo(MailboxSnapshot view)
    {
        Uid? known = null;
        if (MatchNumbers is null || MatchUids is null)
        {
            return known;
        }
        foreach ((uint number, uint uid) in MatchNumbers.Numbers().Zip(MatchUids.Numbers()))
        {
            // Where one does not match, none behind it does: both ascend, so this ends at the last message.
            if (number > view.Count || view[(int)number - 1].Uid.Value != uid)
            {
                break;
            }
            known = new Uid(uid);
        }
        return known;
    }

    /// <summary>known-uids = sequence-set; "*" is not allowed.</summary>
    private static bool TryFixedSet(ImapArguments arguments, out SequenceSet set) =>
        arguments.TrySequenceSet(out set) && (set.IsFixed || arguments.Missing("numbers without * and $"));

    private static bool TryAscendingSet(ImapArguments arguments, out SequenceSet set) =>
        TryFixedSet(arguments, out set) && (set.IsAscending || arguments.Missing("numbers in ascending order"));
}
