using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>What an address has become.</summary>
/// <param name="Path">The address; the one that was given where nothing changes it.</param>
/// <param name="Error">A table cannot be asked now, or says what is no address: the message has to wait. For the log, not for clients; null: there is none.</param>
public readonly record struct AddressRewriting(MailPath Path, string? Error = null);

/// <summary>Gives addresses their other form. Thread-safe; follows changes of its tables.</summary>
public interface IAddressRewriter
{
    /// <summary>Addresses of other classes stay as they are.</summary>
    AddressClasses Classes { get; }

    /// <summary>Never throws but for cancellation. The null reverse-path stays what it is.</summary>
    /// <param name="address">An address with a domain.</param>
    /// <param name="role">One class: where the address stands.</param>
    /// <param name="steps">Gets what was done; null: nobody wants to know.</param>
    /// <param name="cancellationToken">Ends the wait for tables.</param>
    ValueTask<AddressRewriting> RewriteAsync(MailPath address, AddressClasses role, ICollection<RoutingStep>? steps, CancellationToken cancellationToken);
}
