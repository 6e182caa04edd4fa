using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>What is known of the content without reading it again.</summary>
[Flags]
internal enum ContentTraits
{
    None = 0,
    /// <summary>Octets above 127 somewhere: BODY=8BITMIME. RFC 6152.</summary>
    EightBit = 1,
    /// <summary>Octets above 127 in the header: SMTPUTF8. RFC 6531 §3.1.</summary>
    HeaderUtf8 = 2,
    /// <summary>The field <c>TLS-Required: No</c>: the sender would rather have it arrive than encrypted. RFC 8689 §3.</summary>
    TlsOptional = 4,
}

/// <summary>What the message is to ourselves.</summary>
internal enum SpoolPurpose
{
    /// <summary>Somebody's mail.</summary>
    Mail,
    /// <summary>A notification of ours about another message; never answered by another one.</summary>
    Notification,
    /// <summary>The postmaster's copy of a bounce that found no way; if this fails, it is the end.</summary>
    PostmasterCopy,
}

/// <summary>A message in the spool without its content. Immutable.</summary>
internal sealed record SpoolMessage
{
    public required SpoolId Id { get; init; }

    public required MailPath ReversePath { get; init; }

    public required IReadOnlyList<SpoolRecipient> Recipients { get; init; }

    public required DateTimeOffset Arrived { get; init; }

    public required long Octets { get; init; }

    public required MailOrigin Origin { get; init; }

    public BodyType Body { get; init; }

    public bool SmtpUtf8 { get; init; }

    public DsnReturn Return { get; init; }

    public string? EnvelopeId { get; init; }

    /// <summary>The field Message-ID, for people who look for it; null where there is none.</summary>
    public string? MessageId { get; init; }

    public ContentTraits Traits { get; init; }

    public SpoolPurpose Purpose { get; init; }

    /// <summary>Attempts begun.</summary>
    public int Attempts { get; init; }

    public required DateTimeOffset NextAttempt { get; init; }

    /// <summary>Nothing is done with it before. RFC 4865.</summary>
    public FutureRelease? Hold { get; init; }

    /// <summary>Why an administrator, by hand or by a rule, keeps it from being tried at all; null: nobody does. Nothing but a command of theirs ends it.</summary>
    public string? OnHold { get; init; }

    /// <summary>From when its lifetime and its delay count: its arrival, or its release.</summary>
    public DateTimeOffset Released => Hold is { } hold && hold.At > Arrived ? hold.At : Arrived;

    /// <summary>When it is late; null: never. RFC 2852.</summary>
    public DeliverBy? DeliverBy { get; init; }

    /// <summary>From -9 to 9: how soon it is sent among others. RFC 6710.</summary>
    public int Priority { get; init; }

    /// <summary>It goes only where TLS with a verified server protects it. RFC 8689 §4.2.1.</summary>
    public bool RequiresTls { get; init; }

    public bool HasPending => Recipients.Any(r => r.Status == RecipientStatus.Pending);

    /// <summary>Where the members begin that expansions appended; the count of recipients where there are none.</summary>
    public int FirstMember => Recipients.TakeWhile(r => r.Parent is null).Count();

    /// <summary>The envelope's sender of this recipient's copy. A message without sender stays so: else a list could answer its own bounces.</summary>
    public MailPath ReversePathOf(SpoolRecipient recipient) => ReversePath.IsNull ? ReversePath : recipient.Owner ?? ReversePath;

    /// <summary>Who is told of this recipient's failure, where that is not the message's sender.</summary>
    public MailPath? OwnerOf(SpoolRecipient recipient) => ReversePath.IsNull ? null : recipient.Owner;

    /// <summary>The recipient that the message came with and that this one, by its index, stands in the place of; itself where there was no expansion.</summary>
    public SpoolRecipient FirstOf(int recipient) => Recipients[recipient].Parent is { } parent ? FirstOf(parent) : Recipients[recipient];

    public Envelope Envelope => new()
    {
        ReversePath = ReversePath,
        Recipients = [.. Recipients.Select(r => r.Recipient)],
        Body = Body,
        SmtpUtf8 = SmtpUtf8,
        Return = Return,
        EnvelopeId = EnvelopeId,
        Hold = Hold,
        DeliverBy = DeliverBy,
        Priority = Priority,
        RequiresTls = RequiresTls,
    };

    /// <summary>When to look at it again where that is due then: also at the moment it becomes late.</summary>
    public DateTimeOffset WakeBefore(DateTimeOffset due, DateTimeOffset now) => DeliverBy is { } by && by.At > now && by.At < due ? by.At : due;

    /// <summary>Late, and not to be delivered any more. RFC 2852 §4.1.3.</summary>
    public bool IsReturned(DateTimeOffset now) => DeliverBy is { Mode: DeliverByMode.Return } by && by.At <= now;

    public SpoolMessage Apply(SpoolUpdate update)
    {
        List<SpoolRecipient> recipients = [.. Recipients];
        for (int i = 0; i < update.Members.Count; i++)
        {
            int index = update.FirstMember + i;
            if (index < recipients.Count)
            {
                recipients[index] = update.Members[i]; // Written again, after the spool had failed.
            }
            else
            {
                recipients.Add(update.Members[i]);
            }
        }
        foreach (RecipientChange change in update.Recipients)
        {
            if ((uint)change.Index < (uint)recipients.Count)
            {
                recipients[change.Index] = change.ApplyTo(recipients[change.Index]);
            }
        }
        return this with
        {
            Recipients = recipients,
            Attempts = update.Attempts ?? Attempts,
            NextAttempt = update.NextAttempt ?? NextAttempt,
            OnHold = update.OnHold switch { null => OnHold, "" => null, _ => update.OnHold },
        };
    }
}
