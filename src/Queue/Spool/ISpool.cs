using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>What the schedule keeps of a message: enough to know when, nothing more.</summary>
internal readonly record struct SpoolEntry(SpoolId Id, DateTimeOffset NextAttempt, int Attempts, int Priority = 0, bool IsOnHold = false)
{
    public static SpoolEntry Of(SpoolMessage message) => new(message.Id, message.NextAttempt, message.Attempts, message.Priority, message.OnHold is not null);
}

/// <summary>How much an update must survive.</summary>
internal enum UpdateDurability
{
    /// <summary>Our own death.</summary>
    Process,
    /// <summary>Power loss.</summary>
    PowerLoss,
}

/// <summary>Keeps messages until nobody waits for them any more. Knows no file names: another engine can stand behind it.</summary>
/// <remarks>
/// Thread-safe for different messages; one message has one owner at a time. Everything throws <see cref="IOException"/>
/// where the medium fails: the message is then as it was before, or as it would be after.
/// </remarks>
internal interface ISpool : IAsyncDisposable
{
    /// <summary>Once, before anything else: throws away what was never promised, and calls back for each message.</summary>
    Task LoadAsync(Action<SpoolEntry> found, CancellationToken cancellationToken);

    /// <summary>The ids of all messages as of now; any of them may be gone when it is read.</summary>
    Task<IReadOnlyList<SpoolId>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Returns after the message survives power loss. Where it throws, nothing was promised.</summary>
    Task AddAsync(SpoolMessage message, IMessageContent content, CancellationToken cancellationToken);

    /// <summary>The message as it stands; null where there is none (any more) or it cannot be read.</summary>
    Task<SpoolMessage?> ReadAsync(SpoolId id, CancellationToken cancellationToken);

    /// <summary>Its octets.</summary>
    Task<IMessageContent> OpenContentAsync(SpoolId id, CancellationToken cancellationToken);

    /// <summary>Writes one step. Not cancellable: what happened, happened.</summary>
    Task UpdateAsync(SpoolId id, SpoolUpdate update, UpdateDurability durability);

    /// <summary>Forgets the message; survives power loss on return.</summary>
    Task RemoveAsync(SpoolId id);
}
