using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Quota;

/// <summary>Counts what an account's mailboxes take, and promises room to commits: exactly, however many come at once.</summary>
/// <remarks>
/// Room is held when a commit is submitted and given back when it fails; what a commit removes is free when that is durable. So the sum of
/// all that is durable never exceeds the limit. The gate is taken last of all locks, for memory only.
/// </remarks>
internal sealed class AccountQuota(string accountName, IQuotaPolicy policy, StoreLimits limits, TimeProvider clock, ILogger log)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<MailboxName, MailboxUsage> _mailboxes = [];
    private QuotaRules _rules = QuotaRules.None;
    private QuotaAmount _transferring;
    private QuotaAmount _arrivedTwice;
    private long? _countedAt;
    private Task<StoreError>? _counting;

    /// <summary>Counts the mailboxes that are not known, or whose stamp has changed. Null where commits are all that changes anything.</summary>
    public Func<CancellationToken, ValueTask<StoreResult<Done>>>? Count { get; set; }

    /// <summary>Limits that the mail's folder itself brings along, where nobody configured any.</summary>
    public Func<QuotaLimit>? Inherited { get; set; }

    /// <summary>The entry of this mailbox, made where it is missing.</summary>
    public MailboxUsage Of(MailboxName name, SpecialUse use)
    {
        lock (_gate)
        {
            if (!_mailboxes.TryGetValue(name, out MailboxUsage? usage))
            {
                usage = new MailboxUsage(this, name, use);
                _mailboxes.Add(name, usage);
            }
            usage.Use = use;
            return usage;
        }
    }

    /// <summary>What was counted, before any commit of this model.</summary>
    public void Set(MailboxUsage usage, QuotaAmount counted, CountStamp stamp = default)
    {
        lock (_gate)
        {
            usage.Held = counted;
            usage.Settled = counted;
            usage.IsKnown = true;
            usage.Stamp = stamp;
        }
    }

    public void SetStamp(MailboxUsage usage, CountStamp stamp)
    {
        lock (_gate)
        {
            usage.Stamp = stamp;
        }
    }

    /// <summary>Deleted with all its messages.</summary>
    public void Remove(MailboxName name)
    {
        lock (_gate)
        {
            _mailboxes.Remove(name);
        }
    }

    /// <summary>All but these are gone.</summary>
    public void Keep(IReadOnlySet<MailboxName> names)
    {
        lock (_gate)
        {
            foreach (MailboxName gone in _mailboxes.Keys.Where(n => !names.Contains(n)).ToArray())
            {
                _mailboxes.Remove(gone);
            }
        }
    }

    public void Rename(MailboxName from, MailboxName to)
    {
        lock (_gate)
        {
            if (_mailboxes.Remove(from, out MailboxUsage? usage))
            {
                usage.Name = to;
                _mailboxes[to] = usage;
            }
        }
    }

    /// <summary>What is known of each mailbox now.</summary>
    public List<(MailboxName Name, bool IsKnown, QuotaAmount Settled, CountStamp Stamp)> Entries()
    {
        lock (_gate)
        {
            return [.. _mailboxes.Values.Select(m => (m.Name, m.IsKnown, m.Settled, m.Stamp))];
        }
    }

    /// <summary>
    /// Before anything is prepared: knows the rules, counts where that was not done, and refuses what has no room. What it admits may still be
    /// refused by <see cref="TryHold"/>, when others were quicker.
    /// </summary>
    public async ValueTask<StoreError> AdmitAsync(MailboxUsage destination, QuotaAmount amount, QuotaDeparture? departing, CancellationToken cancellationToken)
    {
        if (!await RefreshRulesAsync(cancellationToken))
        {
            return StoreError.None;
        }
        StoreError error = await EnsureCountedAsync(limits.QuotaCountInterval, cancellationToken);
        if (error != StoreError.None)
        {
            return error;
        }
        if (!Fits(destination, amount, departing))
        {
            // Another program may have made room: a refusal is worth a look, but not each of many.
            error = await EnsureCountedAsync(limits.QuotaRefusalCountInterval, cancellationToken);
            error = error == StoreError.None && !Fits(destination, amount, departing) ? StoreError.OverQuota : error;
        }
        return error;
    }

    /// <summary>Room for a commit that is about to be submitted; null where there is none. Under the mailboxes' gates.</summary>
    public QuotaHold? TryHold(MailboxUsage destination, QuotaAmount amount, QuotaDeparture? departing)
    {
        lock (_gate)
        {
            return FitsUnderGate(destination, amount, departing) ? HoldUnderGate(destination, amount, departing) : null;
        }
    }

    /// <summary>What is there already, or must be taken in any case, counts without being asked for.</summary>
    public QuotaHold Hold(MailboxUsage destination, QuotaAmount amount, QuotaDeparture? departing)
    {
        lock (_gate)
        {
            return HoldUnderGate(destination, amount, departing);
        }
    }

    /// <summary>One mailbox's part of a commit is durable, or did not happen.</summary>
    /// <param name="usage">The mailbox.</param>
    /// <param name="hold">For what came.</param>
    /// <param name="departure">What went from here was held there.</param>
    /// <param name="removed">What went.</param>
    /// <param name="isDurable">It happened.</param>
    public void Settle(MailboxUsage usage, QuotaHold? hold, QuotaHold? departure, QuotaAmount removed, bool isDurable)
    {
        lock (_gate)
        {
            QuotaAmount before = _rules.WarningPercents.Count == 0 ? default : UsedUnderGate();
            if (!isDurable)
            {
                usage.Held -= hold is null ? default : hold.Amount - hold.Exchanged;
                _transferring -= hold?.Transferred ?? default;
                return;
            }
            usage.Settled += (hold?.Amount ?? default) - removed;
            usage.Held -= removed - (hold?.Exchanged ?? default);
            // The two ends of a move settle one after the other: between them the messages would count twice.
            _arrivedTwice += hold?.Transferred ?? default;
            _arrivedTwice -= departure?.Transferred ?? default;
            _transferring -= departure?.Transferred ?? default;
            if (_rules.WarningPercents.Count > 0)
            {
                WarnUnderGate(before, UsedUnderGate());
            }
        }
    }

    /// <summary>The roots that limit this mailbox, which need not exist (RFC 9208 §4.1.2); null: all of the account.</summary>
    public async ValueTask<StoreResult<IReadOnlyList<QuotaRoot>>> GetAsync(MailboxName? mailbox, CancellationToken cancellationToken)
    {
        if (!await RefreshRulesAsync(cancellationToken))
        {
            return StoreResults.Of<IReadOnlyList<QuotaRoot>>([]);
        }
        StoreError error = await EnsureCountedAsync(limits.QuotaCountInterval, cancellationToken);
        if (error != StoreError.None)
        {
            return error;
        }
        lock (_gate)
        {
            List<QuotaRoot> roots = [];
            SpecialUse use = mailbox is not null && _mailboxes.TryGetValue(mailbox, out MailboxUsage? known) ? known.Use : SpecialUse.None;
            if (!_rules.Account.IsNone && (mailbox is null || !_rules.RuleOf(mailbox, use).IsIgnored))
            {
                roots.Add(new QuotaRoot($"#user/{accountName}", UsedUnderGate(), _rules.Account));
            }
            foreach (MailboxUsage usage in _mailboxes.Values.OrderBy(m => m.Name.Value, StringComparer.Ordinal))
            {
                QuotaLimit own = _rules.RuleOf(usage.Name, usage.Use).Own;
                if (!own.IsNone && (mailbox is null || mailbox == usage.Name))
                {
                    roots.Add(new QuotaRoot($"#mailbox/{accountName}/{usage.Name}", usage.Settled, own));
                }
            }
            return StoreResults.Of<IReadOnlyList<QuotaRoot>>(roots);
        }
    }

    /// <summary>The limits that other programs are to see.</summary>
    public async ValueTask<QuotaLimit> ConfiguredLimitAsync(CancellationToken cancellationToken) =>
        (await policy.RulesOfAsync(accountName, cancellationToken)).Account;

    /// <summary>False where nothing is limited: then nothing needs to be counted.</summary>
    private async ValueTask<bool> RefreshRulesAsync(CancellationToken cancellationToken)
    {
        QuotaRules rules = await policy.RulesOfAsync(accountName, cancellationToken);
        if (rules.Account.IsNone && rules.TakesLimitOfMaildirsize && Inherited is not null)
        {
            rules = rules with { Account = Inherited() };
        }
        lock (_gate)
        {
            _rules = rules;
        }
        return !rules.IsNone;
    }

    private async ValueTask<StoreError> EnsureCountedAsync(TimeSpan ageMax, CancellationToken cancellationToken)
    {
        if (Count is null || IsCounted(ageMax))
        {
            return StoreError.None;
        }
        Task<StoreError> counting;
        lock (_gate)
        {
            counting = _counting ??= Task.Run(CountOnceAsync, CancellationToken.None);
        }
        return await counting.WaitAsync(cancellationToken);
    }

    private async Task<StoreError> CountOnceAsync()
    {
        StoreResult<Done> counted = StoreError.Unavailable;
        try
        {
            counted = await Count!(CancellationToken.None);
        }
        finally
        {
            lock (_gate)
            {
                _countedAt = counted.Error == StoreError.None ? clock.GetTimestamp() : _countedAt;
                _counting = null;
            }
        }
        return counted.Error;
    }

    private bool IsCounted(TimeSpan ageMax)
    {
        lock (_gate)
        {
            return _countedAt is { } at && clock.GetElapsedTime(at) < ageMax;
        }
    }

    private bool Fits(MailboxUsage destination, QuotaAmount amount, QuotaDeparture? departing)
    {
        lock (_gate)
        {
            return FitsUnderGate(destination, amount, departing);
        }
    }

    private bool FitsUnderGate(MailboxUsage destination, QuotaAmount amount, QuotaDeparture? departing)
    {
        MailboxQuotaRule rule = _rules.RuleOf(destination.Name, destination.Use);
        QuotaHold hold = HoldOf(destination, amount, departing);
        if (!rule.Own.IsNone && !rule.Own.Allows(destination.Held, amount - hold.Exchanged))
        {
            return false;
        }
        if (rule.IsIgnored || _rules.Account.IsNone)
        {
            return true;
        }
        QuotaLimit limit = _rules.Account;
        limit = new QuotaLimit(
            limit.Octets is { } octets ? octets + (long)((decimal)octets * rule.ExtraPercent / 100) + rule.ExtraOctets : null,
            limit.Messages is { } messages ? messages + (long)((decimal)messages * rule.ExtraPercent / 100) : null);
        return limit.Allows(CountedUnderGate(settled: false) - _transferring, amount - hold.Exchanged - hold.Transferred);
    }

    private QuotaHold HoldUnderGate(MailboxUsage destination, QuotaAmount amount, QuotaDeparture? departing)
    {
        QuotaHold hold = HoldOf(destination, amount, departing);
        destination.Held += amount - hold.Exchanged;
        _transferring += hold.Transferred;
        return hold;
    }

    /// <summary>What goes makes room for what comes, but no more than that: it is there until it is durably gone.</summary>
    private QuotaHold HoldOf(MailboxUsage destination, QuotaAmount amount, QuotaDeparture? departing)
    {
        QuotaAmount goes = departing is null ? default : QuotaAmount.Least(amount, departing.Amount);
        bool isExchange = departing?.From == destination;
        bool isTransfer = !isExchange && departing is not null && departing.From.Account == this && Counts(departing.From) && Counts(destination);
        return new QuotaHold(destination, amount) { Exchanged = isExchange ? goes : default, Transferred = isTransfer ? goes : default };
    }

    private bool Counts(MailboxUsage usage) => !_rules.RuleOf(usage.Name, usage.Use).IsIgnored;

    private QuotaAmount UsedUnderGate() => CountedUnderGate(settled: true) - _arrivedTwice;

    private QuotaAmount CountedUnderGate(bool settled)
    {
        QuotaAmount sum = default;
        foreach (MailboxUsage usage in _mailboxes.Values)
        {
            if (_rules.Mailboxes.Count == 0 || Counts(usage))
            {
                sum += settled ? usage.Settled : usage.Held;
            }
        }
        return sum;
    }

    private void WarnUnderGate(QuotaAmount before, QuotaAmount after)
    {
        if (_countedAt is null && Count is not null)
        {
            return; // The sum is not yet one.
        }
        foreach (int percent in _rules.WarningPercents)
        {
            if (Reaches(after, percent) && !Reaches(before, percent))
            {
                log.QuotaReached(accountName, percent, after.Octets, after.Messages);
                policy.Warn(new QuotaWarning(accountName, percent, after, _rules.Account));
            }
        }
    }

    private bool Reaches(QuotaAmount amount, int percent) =>
        (_rules.Account.Octets is { } octets && amount.Octets * 100m >= (decimal)octets * percent)
        || (_rules.Account.Messages is { } messages && amount.Messages * 100m >= (decimal)messages * percent);
}
