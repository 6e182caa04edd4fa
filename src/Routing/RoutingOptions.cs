namespace MailAccess.Routing;

/// <summary>How mail is routed. What belongs to configuration is read by the server and handed over here.</summary>
public sealed record RoutingOptions
{
    /// <summary>What parts a local part's name from its detail (<c>bob+news</c>); null: nothing.</summary>
    public char? RecipientDelimiter { get; init; } = '+';

    /// <summary>The account that gets mail for postmaster (RFC 5321 §4.5.1), where the directory has none; null: refused.</summary>
    public string? PostmasterAccount { get; init; }

    /// <summary>False: domains that are not ours and have no route fail for good.</summary>
    public bool RelaysOutside { get; init; } = true;

    /// <summary>Where all mail goes that no route says otherwise for; null: by MX.</summary>
    public NextHop? SmartHost { get; init; }

    /// <summary>Asked first, with the domain in lower case as A-labels, or an address literal; null answer: smart host or MX. Must not block.</summary>
    public Func<string, NextHop?>? Routes { get; init; }
}
