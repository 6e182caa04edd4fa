using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>Which form of an address a table had.</summary>
public enum AddressKey
{
    /// <summary><c>user+detail@domain</c>, the address as it is.</summary>
    Address,
    /// <summary><c>user@domain</c> for an address with a detail.</summary>
    AddressWithoutDetail,
    /// <summary><c>user+detail</c>, for our own domains.</summary>
    LocalPart,
    /// <summary><c>user</c> for an address with a detail, for our own domains.</summary>
    LocalPartWithoutDetail,
    /// <summary><c>@domain</c></summary>
    Domain,
}

/// <summary>What tables say of an address.</summary>
/// <param name="Outcome">What it came to.</param>
/// <param name="Key">The form that was found; set where found.</param>
/// <param name="Value">The right-hand side; set where found.</param>
/// <param name="Place">Where it stands; set where found.</param>
/// <param name="Detail">What was left off for the key that was found, without the delimiter; null: nothing was.</param>
/// <param name="Error">For people: why it failed, without secrets; set where failed.</param>
public readonly record struct AddressAnswer(
    LookUpOutcome Outcome, AddressKey Key = default, string? Value = null, TablePlace? Place = null, string? Detail = null, string? Error = null);

/// <summary>
/// Tables that are asked for addresses, in the order of Postfix's canonical(5), virtual(5) and generic(5): <c>user+detail@domain</c>,
/// <c>user@domain</c>, for our own domains <c>user+detail</c> and <c>user</c>, then <c>@domain</c>.
/// </summary>
/// <remarks>A form is asked for in all tables before the next form. Tables that take whole keys only are asked for the address as it is. Thread-safe.</remarks>
/// <param name="tables">In their order; the first that has a form decides.</param>
/// <param name="isOwnDomain">Whether a local part alone names a user of this domain (in lower case, as A-labels, or an address literal). Must not block.</param>
/// <param name="recipientDelimiter">What parts a local part's name from its detail; null: nothing.</param>
public sealed class AddressTable(IReadOnlyList<ILookUpTable> tables, Func<string, bool> isOwnDomain, char? recipientDelimiter)
{
    /// <summary>There is no table to ask.</summary>
    public bool IsEmpty => tables.Count == 0;

    /// <summary>Never throws but for cancellation. A table that cannot be asked ends the search: a later form must not decide in its place.</summary>
    public async ValueTask<AddressAnswer> FindAsync(MailPath address, CancellationToken cancellationToken)
    {
        if (IsEmpty || address.LocalPart.Length == 0)
        {
            return new AddressAnswer(LookUpOutcome.NotFound);
        }
        foreach ((AddressKey form, string key, string? detail) in Keys(address))
        {
            foreach (ILookUpTable table in tables)
            {
                if (form != AddressKey.Address && table.TakesWholeKeysOnly)
                {
                    continue;
                }
                TableAnswer answer = await table.FindAsync(key, cancellationToken);
                switch (answer.Outcome)
                {
                    case LookUpOutcome.Found:
                        return new AddressAnswer(LookUpOutcome.Found, form, answer.Value, answer.Place, detail);
                    case LookUpOutcome.Failed:
                        return new AddressAnswer(LookUpOutcome.Failed, Error: $"{table.Name}: {answer.Error}");
                }
            }
        }
        return new AddressAnswer(LookUpOutcome.NotFound);
    }

    // A local part that holds "@" is no key alone: it would be taken for somebody's whole address.
    private IEnumerable<(AddressKey Form, string Key, string? Detail)> Keys(MailPath address)
    {
        string local = address.LocalPart;
        int cut = recipientDelimiter is { } delimiter ? local.IndexOf(delimiter, StringComparison.Ordinal) : -1;
        (MailPath? bare, string? detail) = cut > 0 && MailPath.TryCreate(local[..cut], address.Domain, out MailPath? path)
            ? (path, local[(cut + 1)..])
            : (null, null);
        yield return (AddressKey.Address, address.ToString(), null);
        if (bare is not null)
        {
            yield return (AddressKey.AddressWithoutDetail, bare.ToString(), detail);
        }
        if (!local.Contains('@', StringComparison.Ordinal) && IsOwn(address.Domain))
        {
            yield return (AddressKey.LocalPart, local, null);
            if (bare is not null)
            {
                yield return (AddressKey.LocalPartWithoutDetail, bare.LocalPart, detail);
            }
        }
        if (address.Domain.Length > 0)
        {
            yield return (AddressKey.Domain, $"@{address.Domain}", null);
        }
    }

    private bool IsOwn(string domain) => domain.Length == 0 || (MailDomain.TryNormalize(domain, out string name) && isOwnDomain(name));
}
