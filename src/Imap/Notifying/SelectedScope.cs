using MailAccess.Imap.Mailboxes;

namespace MailAccess.Imap.Notifying;

/// <summary>What is told of the selected mailbox, unasked.</summary>
/// <param name="Arrivals">Data items of new messages; null: none.</param>
internal sealed record SelectedScope(ArrivalReport? Arrivals)
{
    /// <summary>As without NOTIFY.</summary>
    public static readonly SelectedScope Everything = new((ArrivalReport?)null);

    /// <summary>Flags that others change.</summary>
    public bool TellsFlags { get; init; } = true;

    /// <summary>What stands with them: RFC 5465 §5.1 asks for UID.</summary>
    public ChangeItems ItemsBesideFlags { get; init; }
}
