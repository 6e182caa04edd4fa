using System.Globalization;
using System.Text;
using MailAccess.Message;
using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>
/// Gathers what is to become of a message's recipients that resolve to others: one step for the spool. Whoever has a copy already, or is about to
/// get one, gets no second; what was asked for each of its names (NOTIFY) is asked for that one copy. Pure.
/// </summary>
internal sealed class Expansion
{
    private const int OriginalRecipientLengthMax = 500; // RFC 3461 §4.2

    private static readonly SmtpReply SameAddress = new(250, new(2, 0, 0), "goes to the same address as another recipient");

    private readonly SpoolMessage _message;
    private readonly DateTimeOffset _now;
    private readonly Dictionary<Copy, int> _copies = []; // By the index of the recipient whose copy it is.
    private readonly List<SpoolRecipient> _members = [];
    private readonly List<(int Index, Target Target)> _routes = [];
    private readonly List<RecipientChange> _replaced = [];
    private readonly Dictionary<int, RecipientChange> _united = [];

    public Expansion(SpoolMessage message, DateTimeOffset now)
    {
        _message = message;
        _now = now;
        for (int i = 0; i < message.Recipients.Count; i++)
        {
            // What came with the message and is pending may still turn out to be an alias.
            if (message.Recipients[i] is { IsReplaced: false } recipient && (recipient.Parent is not null || recipient.Status != RecipientStatus.Pending))
            {
                _copies[Copy.Of(recipient.Recipient.Path, recipient.Target)] = i;
            }
        }
    }

    /// <summary>Where the new members go, by the indices that they will have.</summary>
    public IReadOnlyList<(int Index, Target Target)> Routes => _routes;

    /// <summary>All of it as one step.</summary>
    public SpoolUpdate Update => new() { Members = [.. _members], FirstMember = _message.Recipients.Count, Recipients = [.. _replaced, .. _united.Values] };

    /// <summary>The same path, but for the case of its domain.</summary>
    public static bool IsSame(MailPath one, MailPath other) =>
        one.LocalPart == other.LocalPart && one.Domain.Equals(other.Domain, StringComparison.OrdinalIgnoreCase);

    /// <summary>A recipient that came with the message is what it says. False: another one's copy serves it, and it is done.</summary>
    public bool TryKeep(int index, Target target)
    {
        SpoolRecipient recipient = _message.Recipients[index];
        Copy copy = Copy.Of(recipient.Recipient.Path, target);
        if (_copies.TryAdd(copy, index))
        {
            return true;
        }
        Merge(index, recipient.Recipient, _copies[copy]);
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
        int last = -1;
        if (parent.Parent is not null)
        {
            _copies.Remove(Copy.Of(parent.Recipient.Path, parent.Target)); // It may stand for itself among others.
        }
        foreach (RoutedRecipient routed in all)
        {
            SpoolRecipient member = Member(index, parent, routed, status);
            Copy copy = Copy.Of(routed.Path, routed.Target);
            if (_copies.TryAdd(copy, _message.Recipients.Count + _members.Count))
            {
                if (routed.Target is not Target.Failure)
                {
                    _routes.Add((_message.Recipients.Count + _members.Count, routed.Target));
                }
                _members.Add(member);
            }
            else if (routed.ReversePath is null)
            {
                last = _copies[copy];
                if (status != RecipientStatus.Redirected)
                {
                    Unite(last, member.Recipient);
                }
            }
        }
        int added = _members.Count - before;
        if (added == 0 && status == RecipientStatus.Redirected)
        {
            Merge(index, Member(index, parent, all[0], status).Recipient, last);
            return;
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

    /// <summary>
    /// Another recipient's copy is this one's too. RFC 3461 knows nothing of that; each of the two is owed what was asked for it (§5.2), and they have one fate. Where that
    /// is known already it is told of both; else the wishes are united, and success is told of this one by itself ("expanded") where it has another ORCPT.
    /// </summary>
    private void Merge(int index, EnvelopeRecipient wish, int copy)
    {
        SpoolRecipient bearer = At(copy);
        if (_message.OwnerOf(bearer) is null && bearer is { Status: not RecipientStatus.Pending, LastReply: { } reply })
        {
            // What another server tells, it tells of the one that it was asked for.
            Replace(index, bearer.Status == RecipientStatus.Relayed ? RecipientStatus.RelayedBlind : bearer.Status, reply);
            return;
        }
        bool isSame = OrcptOf(wish) == OrcptOf(bearer.Recipient);
        Unite(copy, isSame ? wish : wish with { Notify = WithoutSuccess(wish.Notify) });
        Replace(index, isSame && _message.OwnerOf(bearer) is null ? RecipientStatus.Redirected : RecipientStatus.Expanded, SameAddress);
    }

    /// <summary>Who has asked for nothing is told of by the name of who has.</summary>
    private void Unite(int copy, EnvelopeRecipient wish)
    {
        SpoolRecipient bearer = At(copy);
        DsnNotify united = Unite(bearer.Recipient.Notify, wish.Notify);
        if (bearer.Status != RecipientStatus.Pending || _message.OwnerOf(bearer) is not null || united == bearer.Recipient.Notify)
        {
            return;
        }
        string? orcpt = bearer.Recipient.Notify == DsnNotify.Never ? OrcptOf(wish) : bearer.Recipient.OriginalRecipient;
        int member = copy - _message.Recipients.Count;
        if (member >= 0)
        {
            _members[member] = bearer with { Recipient = bearer.Recipient with { Notify = united, OriginalRecipient = orcpt } };
        }
        else
        {
            _united[copy] = new RecipientChange(copy) { Notify = united, OriginalRecipient = orcpt };
        }
    }

    private SpoolRecipient At(int index) => index >= _message.Recipients.Count ? _members[index - _message.Recipients.Count]
        : _united.TryGetValue(index, out RecipientChange? change) ? change.ApplyTo(_message.Recipients[index]) : _message.Recipients[index];

    private static string? OrcptOf(EnvelopeRecipient recipient) => recipient.OriginalRecipient ?? OriginalOf(recipient.Path);

    /// <summary>What satisfies both.</summary>
    private static DsnNotify Unite(DsnNotify one, DsnNotify other)
    {
        return one == other || other == DsnNotify.Never ? one : one == DsnNotify.Never ? other : Spelled(one) | Spelled(other);

        static DsnNotify Spelled(DsnNotify notify) => notify == DsnNotify.Unspecified ? DsnNotify.Failure | DsnNotify.Delay : notify;
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
            : "utf-8;" + Utf8AddressText.ToXtext(path.ToString());
        return orcpt.Length <= OriginalRecipientLengthMax ? orcpt : null;
    }

    /// <summary>One copy of the message: an address; and where that is an alias for files and programs, which of them.</summary>
    private readonly record struct Copy(string LocalPart, string Domain, Target? Target)
    {
        public static Copy Of(MailPath path, Target? target) =>
            new(path.LocalPart, path.Domain.ToUpperInvariant(), target is Target.File or Target.Command or Target.Agent or Target.Discard ? target : null);
    }
}
