using System.Text;
using MailAccess.Smtp;

namespace MailAccess.Testing;

/// <summary>
/// A sink that records. Recipients are judged by their local part: <c>unknown</c>, <c>full</c>, <c>temporary</c>; else by their
/// domain: <c>example.test</c> and the addresses without domain are local, everything else remote. Thread-safe.
/// </summary>
public sealed class MailSinkDouble : IMailSink
{
    private readonly Lock _gate = new();
    private readonly List<MailReceived> _received = [];
    private int _lastId;

    /// <inheritdoc/>
    public long MessageOctetsMax { get; set; } = 10_000;

    /// <summary>Where it fails: <c>verify</c>, <c>begin</c>, <c>begin-throws</c>, <c>write-throws</c>, <c>commit</c>, <c>commit-throws</c>, <c>commit-bug</c>.</summary>
    public string FailsAt { get; set; } = "";

    /// <summary>For LMTP: the reply for a recipient with this local part.</summary>
    public Dictionary<string, SmtpReply> Replies { get; } = [];

    /// <summary>If set, every write waits for it.</summary>
    public Func<Task>? BeforeWrite { get; set; }

    /// <summary>Content is counted, not kept: for messages that must not be held in memory.</summary>
    public bool CountsOnly { get; set; }

    /// <summary>What was committed.</summary>
    public IReadOnlyList<MailReceived> Received
    {
        get
        {
            lock (_gate)
            {
                return [.. _received];
            }
        }
    }

    /// <summary>Intakes that were begun and not yet disposed.</summary>
    public int OpenIntakes { get; private set; }

    /// <inheritdoc/>
    public ValueTask<RecipientVerdict> VerifyRecipientAsync(MailPath recipient, CancellationToken cancellationToken)
    {
        if (FailsAt == "verify")
        {
            throw new IOException("the directory cannot be read");
        }
        if (recipient.LocalPart is "refused" or "later")
        {
            bool isForGood = recipient.LocalPart == "refused";
            SmtpReply reply = isForGood ? new SmtpReply(550, new(5, 7, 1), "ask the press office") : new SmtpReply(450, new(4, 2, 1), "ask again tomorrow");
            return new(new RecipientVerdict(isForGood ? RecipientKind.Unknown : RecipientKind.Temporary, reply));
        }
        RecipientKind kind = recipient.LocalPart switch
        {
            "unknown" => RecipientKind.Unknown,
            "full" => RecipientKind.Full,
            "full-for-good" => RecipientKind.FullForGood,
            "temporary" => RecipientKind.Temporary,
            _ when recipient.Domain is "" || recipient.Domain.Equals("example.test", StringComparison.OrdinalIgnoreCase) => RecipientKind.Local,
            _ => RecipientKind.Remote,
        };
        return new(new RecipientVerdict(kind));
    }

    /// <inheritdoc/>
    public ValueTask<IntakeStart> BeginAsync(Envelope envelope, MailOrigin origin, CancellationToken cancellationToken)
    {
        switch (FailsAt)
        {
            case "begin":
                return new(new IntakeStart(null, new SmtpReply(452, new EnhancedCode(4, 3, 1), "insufficient system storage")));
            case "begin-throws":
                throw new IOException("no room");
        }
        lock (_gate)
        {
            OpenIntakes++;
            return new(new IntakeStart(new Intake(this, envelope, origin, $"Q{++_lastId}"), null));
        }
    }

    private sealed class Intake(MailSinkDouble sink, Envelope envelope, MailOrigin origin, string id) : IMailIntake
    {
        private readonly MemoryStream _content = new();
        private long _octets;

        public string Id => id;

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        {
            if (sink.BeforeWrite is { } before)
            {
                await before();
            }
            if (sink.FailsAt == "write-throws")
            {
                throw new IOException("disk full");
            }
            _octets += octets.Length;
            if (!sink.CountsOnly)
            {
                _content.Write(octets.Span);
            }
        }

        public ValueTask<CommitOutcome> CommitAsync(CommitMode mode, CancellationToken cancellationToken)
        {
            switch (sink.FailsAt)
            {
                case "commit":
                    SmtpReply failed = new(451, new EnhancedCode(4, 3, 0), "cannot store");
                    return new(new CommitOutcome(failed, [.. envelope.Recipients.Select(_ => failed)]));
                case "commit-throws":
                    throw new IOException("disk full");
                case "commit-bug":
                    throw new InvalidOperationException("a bug");
            }
            SmtpReply accepted = new(250, new EnhancedCode(2, 0, 0), $"accepted as {id}");
            lock (sink._gate)
            {
                sink._received.Add(new MailReceived(envelope, origin, id, Encoding.UTF8.GetString(_content.ToArray()), _octets));
            }
            return new(new CommitOutcome(
                accepted, [.. envelope.Recipients.Select(r => sink.Replies.GetValueOrDefault(r.Path.LocalPart, accepted))]));
        }

        public ValueTask DisposeAsync()
        {
            lock (sink._gate)
            {
                sink.OpenIntakes--;
            }
            return default;
        }
    }
}

/// <summary>A message that a <see cref="MailSinkDouble"/> took.</summary>
public sealed record MailReceived(Envelope Envelope, MailOrigin Origin, string Id, string Content, long Octets);
