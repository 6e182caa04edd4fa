namespace MailAccess.Store.Delivery;

/// <summary>The user whose rights count for work on files, where this process is root.</summary>
/// <param name="User">Number; not 0.</param>
/// <param name="Group">Number of the first group.</param>
/// <param name="Groups">All groups.</param>
public sealed record FileIdentity(uint User, uint Group, IReadOnlyList<uint> Groups);
