using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>
/// Reckons, as the client does, the mod-sequence up to which the client believes to have heard everything, and finds where it
/// must be told another one. RFC 7162 §3.2, §6.
/// </summary>
/// <remarks>
/// At each tagged response a client takes the highest MODSEQ of the FETCH responses before it. That is wrong while earlier changes
/// are held back because messages have gone that must not be told yet; and too low after VANISHED, which has no MODSEQ.
/// </remarks>
internal sealed class ModSeqLedger
{
    private ModSeq _told;
    private bool _isAhead;
    private bool _mustTell;

    /// <summary>The client reads this mod-sequence of a message.</summary>
    public void Note(ModSeq modSeq) => _told = modSeq > _told ? modSeq : _told;

    /// <summary>The client has been told all changes up to the view's.</summary>
    public void ViewTold(bool hadExpunges)
    {
        _mustTell |= hadExpunges || _isAhead;
        _isAhead = false;
    }

    /// <summary>At the end of a command: what HIGHESTMODSEQ must say, or null where the client finds it by itself.</summary>
    public ModSeq? Settle(ModSeq view)
    {
        _isAhead |= _told > view;
        bool mustTell = _mustTell || _told > view;
        _told = default;
        _mustTell = false;
        return mustTell ? view : null;
    }
}
