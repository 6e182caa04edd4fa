using System.Text;
using MailAccess.Message;
using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>How an <see cref="AddressMapping"/> reads its tables.</summary>
internal sealed record AddressMappingOptions
{
    /// <summary>The step's name.</summary>
    public required string Stage { get; init; }

    /// <summary>The addresses that it is for.</summary>
    public required AddressClasses Classes { get; init; }

    /// <summary>A result is looked up again, until it is found no more or stands for itself; at most so often.</summary>
    public int RepeatsMax { get; init; } = 1;

    /// <summary>The domain of results that have none; null: such a result is a mistake.</summary>
    public string? Origin { get; init; }

    /// <summary>A detail that was left off to find the address is put behind the result's local part with this; null: it is dropped.</summary>
    public char? KeptDetailDelimiter { get; init; }
}

/// <summary>One step that replaces addresses by what tables say: canonical(5), generic(5).</summary>
internal sealed class AddressMapping(AddressTable table, AddressMappingOptions options)
{
    public AddressClasses Classes => table.IsEmpty ? AddressClasses.None : options.Classes;

    public async ValueTask<AddressRewriting> RewriteAsync(MailPath address, AddressClasses role, ICollection<RoutingStep>? steps, CancellationToken cancellationToken)
    {
        if ((Classes & role) == 0)
        {
            return new AddressRewriting(address);
        }
        MailPath path = address;
        for (int i = 0; i < options.RepeatsMax; i++)
        {
            AddressAnswer answer = await table.FindAsync(path, cancellationToken);
            if (answer.Outcome != LookUpOutcome.Found)
            {
                return answer.Outcome == LookUpOutcome.NotFound ? new AddressRewriting(path) : new AddressRewriting(address, $"{options.Stage}: {answer.Error}");
            }
            if (Read(answer, path) is not { } next)
            {
                return new AddressRewriting(address, $"{options.Stage}: {answer.Place}: no address: {answer.Value}");
            }
            bool isItself = next.ToString().Equals(path.ToString(), StringComparison.OrdinalIgnoreCase);
            if (next != path)
            {
                steps?.Add(new RoutingStep(0, options.Stage, path.ToString(), next.ToString(), answer.Place));
            }
            path = next;
            if (isItself)
            {
                return new AddressRewriting(path);
            }
        }
        return options.RepeatsMax == 1 ? new AddressRewriting(path) : new AddressRewriting(address, $"{options.Stage}: {address} leads in a circle");
    }

    /// <summary><c>@domain</c>, <c>user</c>, <c>user@domain</c>; of several, or with a name and brackets, the first address.</summary>
    private MailPath? Read(AddressAnswer answer, MailPath from)
    {
        string value = answer.Value!.Trim();
        if (value.StartsWith('@'))
        {
            return MailPath.TryCreate(from.LocalPart, value[1..], out MailPath? moved) ? moved : null;
        }
        if (!MailPath.TryParse(value, out MailPath? path) || path.Domain.Length == 0)
        {
            MailAddress? first = AddressParser.Parse(Encoding.UTF8.GetBytes(value)).FirstOrDefault(a => a.LocalPart.Length > 0);
            string domain = first is null || first.Domain.Length > 0 ? Encoding.UTF8.GetString(first?.Domain ?? []) : options.Origin ?? "";
            if (first is null || domain.Length == 0 || !MailPath.TryCreate(Encoding.UTF8.GetString(first.LocalPart), domain, out path))
            {
                return null;
            }
        }
        return options.KeptDetailDelimiter is { } delimiter && answer.Detail is { } detail
            ? MailPath.TryCreate($"{path.LocalPart}{delimiter}{detail}", path.Domain, out MailPath? whole) ? whole : null
            : path;
    }
}
