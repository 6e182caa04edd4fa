using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>One step in a message's life; null members stay as they were.</summary>
internal sealed record SpoolUpdate
{
    public int? Attempts { get; init; }

    public DateTimeOffset? NextAttempt { get; init; }

    /// <summary>Put on hold, and why; empty: released.</summary>
    public string? OnHold { get; init; }

    /// <summary>What an expansion appends, beginning at <see cref="FirstMember"/>: one step with what becomes of the recipients that were expanded. Applied before <see cref="Recipients"/>.</summary>
    public IReadOnlyList<SpoolRecipient> Members { get; init; } = [];

    /// <summary>The index that the first of <see cref="Members"/> has from now on, so that a step which is written twice happens once.</summary>
    public int FirstMember { get; init; }

    public IReadOnlyList<RecipientChange> Recipients { get; init; } = [];
}

/// <summary>One step of one recipient; null members stay as they were.</summary>
internal sealed record RecipientChange(int Index)
{
    public RecipientStatus? Status { get; init; }

    public SmtpReply? Reply { get; init; }

    public string? RemoteHost { get; init; }

    public DateTimeOffset? At { get; init; }

    public bool? Told { get; init; }

    public bool? DelayTold { get; init; }

    /// <summary>What is asked for it from now on, since another recipient came to the same.</summary>
    public DsnNotify? Notify { get; init; }

    /// <summary>ORCPT likewise.</summary>
    public string? OriginalRecipient { get; init; }

    public SpoolRecipient ApplyTo(SpoolRecipient recipient) => recipient with
    {
        Status = Status ?? recipient.Status,
        LastReply = Reply ?? recipient.LastReply,
        RemoteHost = Reply is null ? recipient.RemoteHost : RemoteHost,
        LastAttempt = At ?? recipient.LastAttempt,
        Told = Told ?? recipient.Told,
        DelayTold = DelayTold ?? recipient.DelayTold,
        Recipient = Notify is null && OriginalRecipient is null ? recipient.Recipient : recipient.Recipient with
        {
            Notify = Notify ?? recipient.Recipient.Notify,
            OriginalRecipient = OriginalRecipient ?? recipient.Recipient.OriginalRecipient,
        },
    };
}
