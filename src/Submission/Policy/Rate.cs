namespace MailAccess.Submission.Policy;

/// <summary>So many of something in such a time; the default value sets no bound.</summary>
/// <param name="Count">How many; 0: as many as come.</param>
/// <param name="Period">In which time.</param>
public readonly record struct Rate(int Count, TimeSpan Period)
{
    /// <summary>There is a bound.</summary>
    public bool IsLimited => Count > 0 && Period > TimeSpan.Zero;
}

/// <summary>What one peer may do, whoever that is: a network at the exchange, an account at submission.</summary>
public sealed record RateLimits
{
    /// <summary>No bounds.</summary>
    public static readonly RateLimits None = new();

    /// <summary>Connections. Only of networks: accounts are not known yet.</summary>
    public Rate Connections { get; init; }

    /// <summary>Messages begun (MAIL).</summary>
    public Rate Messages { get; init; }

    /// <summary>Recipients named (RCPT), those that are refused too: who guesses addresses shall not do so quickly.</summary>
    public Rate Recipients { get; init; }
}
