using MailAccess.Store.Quota;

namespace MailAccess.Store.Memory;

/// <summary>
/// A store that keeps everything in memory and forgets it at the end: for tests of what stands on the store.
/// Deterministic: UIDVALIDITY counts from a given number, the clock is given.
/// </summary>
public sealed class MemoryMailStore(TimeProvider clock, uint firstUidValidity = 1, IQuotaPolicy? quota = null) : IMailStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, MemoryMailAccount> _accounts = new(StringComparer.Ordinal);
    private uint _nextUidValidity = firstUidValidity;

    internal TimeProvider Clock => clock;

    internal IQuotaPolicy? Quota => quota;

    internal MemoryCommitter Committer { get; } = new();

    /// <inheritdoc/>
    public ValueTask<StoreResult<IMailAccount>> OpenAccountAsync(string accountName, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_accounts.TryGetValue(accountName, out MemoryMailAccount? account))
            {
                account = new MemoryMailAccount(this, accountName);
                _accounts.Add(accountName, account);
            }
            return StoreResults.From<IMailAccount>(account);
        }
    }

    /// <inheritdoc/>
    public ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken) =>
        StoreResults.From<IStagedMessage>(new MemoryStagedMessage());

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;

    internal UidValidity NextUidValidity()
    {
        lock (_gate)
        {
            return new UidValidity(_nextUidValidity++);
        }
    }
}
