using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Expiry;

/// <summary>What a sweep did, or would do.</summary>
public readonly record struct ExpiryOutcome(int Accounts, int Mailboxes, long Messages, int Failures)
{
    /// <summary>Sums.</summary>
    public static ExpiryOutcome operator +(ExpiryOutcome left, ExpiryOutcome right) => new(
        left.Accounts + right.Accounts, left.Mailboxes + right.Mailboxes, left.Messages + right.Messages, left.Failures + right.Failures);
}

/// <summary>Whether messages go, or are only counted.</summary>
public enum ExpiryMode
{
    /// <summary>They go.</summary>
    Remove,
    /// <summary>They are counted.</summary>
    OnlyCount,
}

/// <summary>Looks through mailboxes by rules, one at a time, and removes what has expired. Never touches a mailbox that no rule names.</summary>
/// <remarks>
/// A mailbox that was opened stays in memory for a while; so after some of them the sweep waits that long, and memory stays bounded
/// however many accounts there are.
/// </remarks>
public sealed class ExpirySweep(IMailStore store, IReadOnlyList<ExpiryRule> rules, StoreLimits limits, TimeProvider clock, ILogger log)
{
    private int _opened;

    /// <summary>All these accounts. What cannot be opened is counted as a failure and left for the next time.</summary>
    public async Task<ExpiryOutcome> RunAsync(IEnumerable<string> accountNames, ExpiryMode mode, CancellationToken cancellationToken)
    {
        ExpiryOutcome sum = default;
        foreach (string name in rules.Count == 0 ? [] : accountNames)
        {
            sum += await RunAsync(name, mode, cancellationToken);
        }
        log.ExpirySwept(sum.Accounts, sum.Mailboxes, sum.Messages, sum.Failures);
        return sum;
    }

    private async Task<ExpiryOutcome> RunAsync(string accountName, ExpiryMode mode, CancellationToken cancellationToken)
    {
        StoreResult<IMailAccount> opened = await store.OpenAccountAsync(accountName, cancellationToken);
        if (!opened.TryGet(out IMailAccount? account))
        {
            return new ExpiryOutcome(1, 0, 0, 1);
        }
        await using IMailAccount owned = account;
        StoreResult<IReadOnlyList<MailboxListing>> listed = await account.ListAsync(cancellationToken);
        if (!listed.TryGet(out IReadOnlyList<MailboxListing>? mailboxes))
        {
            return new ExpiryOutcome(1, 0, 0, 1);
        }
        var sum = new ExpiryOutcome(1, 0, 0, 0);
        foreach (MailboxListing listing in mailboxes.Where(m => m.IsSelectable))
        {
            ExpiryRule[] meant = [.. rules.Where(r => r.Mailbox.Matches(listing.Name, listing.SpecialUse))];
            if (meant.Length > 0)
            {
                StoreResult<long> removed = await RunAsync(account, listing.Name, meant, mode, cancellationToken);
                sum += new ExpiryOutcome(0, 1, removed.TryGet(out long count) ? count : 0, removed.Error == StoreError.None ? 0 : 1);
            }
        }
        return sum;
    }

    private async Task<StoreResult<long>> RunAsync(
        IMailAccount account, MailboxName name, ExpiryRule[] meant, ExpiryMode mode, CancellationToken cancellationToken)
    {
        if (++_opened % limits.ExpiryMailboxesBetweenPauses == 0)
        {
            await Task.Delay(limits.MailboxIdleTimeout, clock, cancellationToken);
        }
        StoreResult<IMailbox> opened = await account.OpenAsync(name, cancellationToken);
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return opened.Error;
        }
        await using IMailbox owned = mailbox;
        StoreResult<Done> refreshed = await mailbox.RefreshAsync(cancellationToken);
        if (refreshed.Error != StoreError.None)
        {
            return refreshed.Error;
        }
        DateTimeOffset now = clock.GetUtcNow();
        MailboxSnapshot snapshot = mailbox.Snapshot;
        HashSet<Uid> expired = [];
        foreach (ExpiryRule rule in meant)
        {
            expired.UnionWith(snapshot.IndicesOf(rule.Decide(snapshot, now)).Select(i => snapshot[i].Uid));
        }
        long count = 0;
        // In commits of a bounded size: others wait for each.
        foreach (Uid[] batch in mode == ExpiryMode.Remove ? expired.Order().Chunk(limits.ExpiryMessagesPerCommit) : [])
        {
            StoreResult<UidSet> removed = await mailbox.ExpungeAsync(UidSet.FromUids(batch), ExpungeScope.AllNamed, CancellationToken.None);
            if (removed.Error != StoreError.None)
            {
                return removed.Error;
            }
            count += batch.Length;
            cancellationToken.ThrowIfCancellationRequested();
        }
        count = mode == ExpiryMode.OnlyCount ? expired.Count : count;
        if (count > 0)
        {
            log.Expired(account.Name, name.Value, count, mode);
        }
        return count;
    }
}
