namespace MailAccess.Routing;

/// <summary>What the directory knows of an address.</summary>
public enum LocalOutcome
{
    /// <summary>It belongs to an account.</summary>
    Found,
    /// <summary>Nobody has it.</summary>
    Unknown,
    /// <summary>The directory cannot be asked now.</summary>
    Unavailable,
}

/// <summary>Answer of <see cref="ILocalDirectory.FindAsync"/>.</summary>
/// <param name="Outcome">What the directory knows.</param>
/// <param name="AccountName">The account by the name the store knows; set where found.</param>
public readonly record struct LocalLookUp(LocalOutcome Outcome, string? AccountName = null)
{
    /// <summary>Why it cannot be asked, for people; null: nobody said.</summary>
    public string? Problem { get; init; }

    /// <summary>The account's home folder, where a .forward may lie; null: none.</summary>
    public string? Home { get; init; }
}

/// <summary>Which addresses are ours. Implemented by the server from its accounts. Details and postmaster are the router's business.</summary>
public interface ILocalDirectory
{
    /// <summary>Mail for this domain ends here. The domain comes in lower case, as A-labels, or as an address literal. Must not block.</summary>
    bool IsLocalDomain(string domain);

    /// <summary>The account of exactly this address; the local part as written, for the directory to compare as it likes.</summary>
    ValueTask<LocalLookUp> FindAsync(string localPart, string domain, CancellationToken cancellationToken);
}
