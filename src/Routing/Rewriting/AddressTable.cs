using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>What tables say of an address.</summary>
/// <param name="Outcome">What it came to.</param>
/// <param name="Value">The right-hand side; set where found.</param>
/// <param name="Place">Where it stands; set where found.</param>
/// <param name="Detail">What was left off for the key that was found, without the delimiter; null: nothing was.</param>
/// <param name="Error">For people: why it failed, without secrets; set where failed.</param>
public readonly record struct AddressAnswer(LookUpOutcome Outcome, string? Value = null, TablePlace? Place = null, string? Detail = null, string? Error = null);

/// <summary>Tables that are asked for addresses, by the keys of Postfix's canonical(5) and generic(5): <see cref="AddressKeys.Canonical"/>. Thread-safe.</summary>
/// <param name="tables">In their order; the first that has a key decides.</param>
/// <param name="isOwnDomain">Whether a local part alone names a user of this domain (in lower case, as A-labels, or an address literal). Must not block.</param>
/// <param name="recipientDelimiter">What parts a local part's name from its detail; null: nothing.</param>
public sealed class AddressTable(IReadOnlyList<ILookUpTable> tables, Func<string, bool> isOwnDomain, char? recipientDelimiter)
{
    private readonly RoutingTables _tables = new("", tables);

    /// <summary>There is no table to ask.</summary>
    public bool IsEmpty => _tables.IsEmpty;

    /// <summary>Never throws but for cancellation. A table that cannot be asked ends the search: a later key must not decide in its place.</summary>
    public async ValueTask<AddressAnswer> FindAsync(MailPath address, CancellationToken cancellationToken)
    {
        if (IsEmpty || address.LocalPart.Length == 0)
        {
            return new AddressAnswer(LookUpOutcome.NotFound);
        }
        bool isReadable = AddressName.TryRead(address, recipientDelimiter, out AddressName name);
        // A local part that holds "@" is no key alone: it would be taken for somebody's whole address.
        bool withoutDomain = isReadable && !address.LocalPart.Contains('@', StringComparison.Ordinal) && isOwnDomain(name.Domain);
        AddressKeys keys = AddressKeys.Canonical(isReadable ? name : name with { Domain = address.Domain }, withoutDomain);
        TableHit hit = await _tables.FindAsync(keys.Keys, cancellationToken);
        return hit.IsFailed ? new AddressAnswer(LookUpOutcome.Failed, Error: hit.Problem)
            : hit.IsFound ? new AddressAnswer(LookUpOutcome.Found, hit.Answer.Value, hit.Answer.Place, keys.DetailBehind(hit.KeyIndex))
            : new AddressAnswer(LookUpOutcome.NotFound);
    }
}
