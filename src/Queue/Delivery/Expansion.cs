using System.Globalization;
using System.Text;
using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>
/// Gathers what is to become of a message's recipients that resolve to others: one step for the spool. Whoever has a copy already, or is about to
/// get one, gets no second. Pure.
/// </summary>
internal sealed class Expansion
{
    private const int OriginalRecipientLengthMax = 500; // RFC 3461 §4.2

    private static readonly SmtpReply SameAddress = new(250, new(2, 0, 0), "goes to the same address as another recipient");

    private readonly SpoolMessage _message;
    private readonly DateTimeOffset _now;
    private readonly HashSet<Copy> _copies = [];
    private readonly List<SpoolRecipient> _members = [];
    private readonly List<(int Index, Target Target)> _routes = [];
    private readonly List<RecipientChange> _replaced = [];

    public Expansion(SpoolMessage message, DateTimeOffset now)
    {
        _message = message;
        _now = now;
        foreach (SpoolRecipient recipient in message.Recipients)
        {
            // What came with the message and is pending may still turn out to be an alias.
            if (!recipient.IsReplaced && (recipient.Parent is not null || recipient.Status != RecipientStatus.Pending))
            {
                _copies.Add(Copy.Of(recipient.Recipient.Path, recipient.Target));
            }
        }
    }

    public bool IsEmpty => _replaced.Count == 0;

    /// <summary>Where the new members go, by the indices that they will have.</summary>
    public IReadOnlyList<(int Index, Target Target)> Routes => _routes;

    /// <summary>All of it as one step.</summary>
    public SpoolUpdate Update => new() { Members = [.. _members], FirstMember = _message.Recipients.Count, Recipients = [.. _replaced] };

    /// <summary>The same path, but for the case of its domain.</summary>
    public static bool IsSame(MailPath one, MailPath other) =>
        one.LocalPart == other.LocalPart && one.Domain.Equals(other.Domain, StringComparison.OrdinalIgnoreCase);

    /// <summary>A recipient that came with the message is what it says. False: another one's copy serves it, and it is done.</summary>
    public bool TryKeep(int index, Target target)
    {
        if (_copies.Add(Copy.Of(_message.Recipients[index].Recipient.Path, target)))
        {
            return true;
        }
        Replace(index, RecipientStatus.Expanded, SameAddress);
        return false;
    }

    /// <summary>Puts what it was resolved to in a recipient's place. None of it is a temporary failure.</summary>
    public void Add(int index, IReadOnlyList<RoutedRecipient> resolved)
    {
        SpoolRecipient parent = _message.Recipients[index];
        RoutedRecipient[] all = [.. resolved.Select(r => _message.ReversePath.IsNull ? r with { ReversePath = null } : r)];
        RecipientStatus status = all.All(r => r.ReversePath is not null) ? RecipientStatus.Distributed
            : all is [{ IsListMember: false }] ? RecipientStatus.Redirected
            : RecipientStatus.Expanded;
        int before = _members.Count;
        if (parent.Parent is not null)
        {
            _copies.Remove(Copy.Of(parent.Recipient.Path, parent.Target)); // It may stand for itself among others.
        }
        foreach (RoutedRecipient routed in all)
        {
            if (_copies.Add(Copy.Of(routed.Path, routed.Target)))
            {
                if (routed.Target is not Target.Failure)
                {
                    _routes.Add((_message.Recipients.Count + _members.Count, routed.Target));
                }
                _members.Add(Member(index, parent, routed, status));
            }
        }
        int added = _members.Count - before;
        if (added == 0 && status == RecipientStatus.Redirected)
        {
            status = RecipientStatus.Expanded; // Nothing bears its wish to hear of success.
        }
        Replace(index, status, added switch
        {
            0 => SameAddress,
            1 when status == RecipientStatus.Redirected => new SmtpReply(250, new(2, 0, 0), $"goes on to {_members[^1].Recipient.Path}"),
            // Its sender may read this, and who is in a list is not said: RFC 3461 §5.2.7.4.
            _ => new SmtpReply(250, new(2, 0, 0), string.Create(CultureInfo.InvariantCulture, $"goes on to {added} recipient{(added == 1 ? "" : "s")}")),
        });
    }

    private SpoolRecipient Member(int index, SpoolRecipient parent, RoutedRecipient routed, RecipientStatus parentStatus)
    {
        SmtpReply? failure = (routed.Target as Target.Failure)?.Reply;
        return new SpoolRecipient
        {
            Recipient = routed.ReversePath is not null
                ? new EnvelopeRecipient { Path = routed.Path } // A list's members are none of the sender's business: RFC 3461 §5.2.7.1 (b).
                : new EnvelopeRecipient
                {
                    Path = routed.Path,
                    Notify = parentStatus == RecipientStatus.Redirected ? parent.Recipient.Notify : WithoutSuccess(parent.Recipient.Notify),
                    OriginalRecipient = parent.Recipient.OriginalRecipient ?? (parent.Owner is null ? OriginalOf(parent.Recipient.Path) : null),
                },
            Parent = index,
            Owner = routed.ReversePath ?? parent.Owner,
            Target = routed.Target is Target.Relay or Target.Failure ? null : routed.Target,
            Status = failure is null ? RecipientStatus.Pending : RecipientStatus.Failed,
            LastReply = failure,
            LastAttempt = failure is null ? null : _now,
            DelayTold = parent.DelayTold && routed.ReversePath is null,
        };
    }

    private void Replace(int index, RecipientStatus status, SmtpReply reply) =>
        _replaced.Add(new RecipientChange(index) { Status = status, Reply = reply, At = _now });

    /// <summary>RFC 3461 §5.2.7.3 (c). Who asked for nothing but success is told nothing more.</summary>
    public static DsnNotify WithoutSuccess(DsnNotify notify) =>
        notify == DsnNotify.Unspecified ? notify : (notify & ~DsnNotify.Success) is DsnNotify left and not DsnNotify.Unspecified ? left : DsnNotify.Never;

    /// <summary>ORCPT for an address that is about to be replaced: as the client wrote it. RFC 3461 §5.2.1 (d), RFC 6533 §3.</summary>
    public static string? OriginalOf(MailPath path)
    {
        string orcpt = path.IsAscii
            ? "rfc822;" + Xtext.Encode(Encoding.ASCII.GetBytes(path.ToString()))
            : "utf-8;" + string.Concat(path.ToString().EnumerateRunes().Select(r =>
                r.Value is > ' ' and < 0x7F and not '+' and not '=' and not '\\' ? r.ToString() : $"\\x{{{r.Value:X2}}}"));
        return orcpt.Length <= OriginalRecipientLengthMax ? orcpt : null;
    }

    /// <summary>One copy of the message: an address; and where that is an alias for files and programs, which of them.</summary>
    private readonly record struct Copy(string LocalPart, string Domain, Target? Target)
    {
        public static Copy Of(MailPath path, Target? target) =>
            new(path.LocalPart, path.Domain.ToUpperInvariant(), target is Target.File or Target.Command or Target.Agent or Target.Discard ? target : null);
    }
}
