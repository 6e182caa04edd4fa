using MailAccess.Smtp;

namespace MailAccess.Submission;

/// <summary>What MAIL began: RFC 5321 §3.3. A session has one or none.</summary>
internal sealed class MailTransaction(MailRequest mail, DeliveryTerms terms) : IAsyncDisposable
{
    private readonly Dictionary<string, int> _indexByPath = [];
    private readonly List<EnvelopeRecipient> _recipients = [];
    private readonly List<int> _accepted = [];

    public MailRequest Mail { get; } = mail;

    /// <summary>The priority that it has of those that were asked for; null: none was.</summary>
    public int? Priority => Mail.Priority is null ? null : terms.Priority;

    /// <summary>Each once, in order.</summary>
    public IReadOnlyList<EnvelopeRecipient> Recipients => _recipients;

    /// <summary>For each RCPT that was answered with 250, the index of its recipient: LMTP owes a reply to each, RFC 2033 §4.2.</summary>
    public IReadOnlyList<int> Accepted => _accepted;

    /// <summary>Some RCPT was refused.</summary>
    public bool HasRefused { get; set; }

    /// <summary>The message that comes by BDAT; null before its first chunk. Owned.</summary>
    public ChunkReceiver? Chunks { get; set; }

    /// <summary>A path given twice is one recipient; its first parameters count.</summary>
    public void Add(EnvelopeRecipient recipient)
    {
        // Domains compare without case, local parts do not: RFC 5321 §2.4.
        string key = $"{recipient.Path.LocalPart}@{recipient.Path.Domain.ToUpperInvariant()}";
        if (!_indexByPath.TryGetValue(key, out int index))
        {
            index = _recipients.Count;
            _indexByPath.Add(key, index);
            _recipients.Add(recipient);
        }
        _accepted.Add(index);
    }

    public Envelope ToEnvelope() => new()
    {
        ReversePath = Mail.ReversePath,
        Recipients = [.. _recipients],
        Body = Mail.Body == BodyType.BinaryMime ? BodyType.EightBitMime : Mail.Body, // Its binary parts become base64 as they come.
        SmtpUtf8 = Mail.SmtpUtf8,
        Return = Mail.Return,
        EnvelopeId = Mail.EnvelopeId,
        Hold = terms.Hold,
        DeliverBy = terms.DeliverBy,
        Priority = terms.Priority,
        RequiresTls = Mail.RequiresTls,
    };

    public ValueTask DisposeAsync() => Chunks?.DisposeAsync() ?? default;
}
