using System.Diagnostics.CodeAnalysis;

namespace MailAccess.Store;

/// <summary>
/// Why the store did not do what it was asked. Front-ends map each member to their protocol in one total switch.
/// </summary>
public enum StoreError
{
    /// <summary>No error.</summary>
    None,
    /// <summary>The mailbox or message does not exist.</summary>
    NotFound,
    /// <summary>A mailbox of that name exists already.</summary>
    AlreadyExists,
    /// <summary>The name cannot be a mailbox name (RFC 9051 §5.1, or the store's own rules).</summary>
    InvalidName,
    /// <summary>Never possible here: INBOX cannot be deleted, a name without messages cannot be selected.</summary>
    NotPermitted,
    /// <summary>The mailbox has children and so cannot go.</summary>
    HasChildren,
    /// <summary>The message went away while it was asked for.</summary>
    Expunged,
    /// <summary>The account's or mailbox's quota is exhausted.</summary>
    OverQuota,
    /// <summary>The message is larger than the store accepts.</summary>
    TooBig,
    /// <summary>A limit of the mailbox's format is reached (keywords, UIDs).</summary>
    LimitReached,
    /// <summary>Another program holds the mailbox's lock: temporary.</summary>
    Busy,
    /// <summary>Disk full, I/O error, wrong permissions: temporary, and logged by the store.</summary>
    Unavailable,
    /// <summary>Whoever asked has no right to do this (RFC 4314), and may know that the mailbox exists.</summary>
    NoPermission,
}

/// <summary>A value, or the reason why there is none.</summary>
public readonly struct StoreResult<T>
{
    private readonly T? _value;

    private StoreResult(T? value, StoreError error)
    {
        _value = value;
        Error = error;
    }

    /// <summary><see cref="StoreError.None"/> where there is a value.</summary>
    public StoreError Error { get; }

    /// <summary>True, with the value; or false, and <see cref="Error"/> says why.</summary>
    public bool TryGet([MaybeNullWhen(false)] out T value)
    {
        value = _value;
        return Error == StoreError.None;
    }

    /// <summary>Success.</summary>
    public static implicit operator StoreResult<T>(T value) => new(value, StoreError.None);

    /// <summary>Failure.</summary>
    public static implicit operator StoreResult<T>(StoreError error) =>
        error == StoreError.None ? throw new ArgumentException("None is not a failure", nameof(error)) : new(default, error);
}

/// <summary>The value of an operation that only succeeds or fails.</summary>
public readonly record struct Done;
