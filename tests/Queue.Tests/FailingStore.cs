using System.Collections;
using MailAccess.Store;

namespace MailAccess.Queue.Tests;

/// <summary>A store in which some accounts cannot be opened.</summary>
internal sealed class FailingStore(IMailStore inner) : IMailStore, IEnumerable
{
    private readonly Dictionary<string, StoreError> _errors = [];

    public StoreError this[string account]
    {
        set => _errors[account] = value;
    }

    public void Clear() => _errors.Clear();

    public ValueTask<StoreResult<IMailAccount>> OpenAccountAsync(string accountName, CancellationToken cancellationToken) =>
        _errors.TryGetValue(accountName, out StoreError error) ? new(error) : inner.OpenAccountAsync(accountName, cancellationToken);

    public ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken) =>
        inner.StageAsync(octetsExpected, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    public IEnumerator GetEnumerator() => _errors.GetEnumerator();
}
