namespace MailAccess.Auth.OAuth;

/// <summary>What became of a token.</summary>
internal enum TokenStatus
{
    /// <summary>It opens an account.</summary>
    Good,
    /// <summary>It does not: RFC 6750 §3.1, <c>invalid_token</c>.</summary>
    Invalid,
    /// <summary>It is good, but not for mail: RFC 6750 §3.1, <c>insufficient_scope</c>.</summary>
    InsufficientScope,
    /// <summary>Nobody can say now.</summary>
    Unavailable,
}

/// <summary>What a token is worth.</summary>
/// <param name="Status">Whether it is good.</param>
/// <param name="Name">The login name it stands for; empty unless it is good.</param>
/// <param name="Ends">When it ends, leeway included.</param>
/// <param name="Reason">Why it is not good, in words of ours: for the log.</param>
internal sealed record TokenVerdict(TokenStatus Status, string Name, DateTimeOffset Ends, string Reason)
{
    public static TokenVerdict Good(string name, DateTimeOffset ends) => new(TokenStatus.Good, name, ends, "");

    public static TokenVerdict Invalid(string reason) => new(TokenStatus.Invalid, "", DateTimeOffset.MaxValue, reason);

    public static TokenVerdict Unavailable(string reason) => new(TokenStatus.Unavailable, "", DateTimeOffset.MinValue, reason);
}
