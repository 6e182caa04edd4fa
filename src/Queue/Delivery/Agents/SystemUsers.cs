using System.Diagnostics.CodeAnalysis;
using MailAccess.Smtp;
using MailAccess.Store.Delivery;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>One of the system's users.</summary>
internal sealed record SystemUser(string Name, uint Id, uint Group, IReadOnlyList<uint> Groups, string Home, string Shell);

/// <summary>Decides whose rights a delivery has: never root's, and where we are not root ourselves, only our own.</summary>
internal sealed class SystemUsers(string? defaultUser, ILogger logger)
{
    private const uint Root = 0;

    private static readonly SmtpReply NotConfigured = new(451, new(4, 3, 5), "the system is not configured to deliver as that user");
    private static readonly SmtpReply NotAvailable = new(451, new(4, 3, 0), "the system's users cannot be asked now");

    private readonly uint _self = PosixPrograms.EffectiveUser;

    /// <summary>Programs and files get another user than ours.</summary>
    public bool IsSwitching => _self == Root;

    /// <summary>The user who owns the rule; null and root: the default user. False: nobody's rights may be used, and the reply says why.</summary>
    public bool TryFind(string? name, [NotNullWhen(true)] out SystemUser? user, [NotNullWhen(false)] out SmtpReply? refusal)
    {
        user = null;
        refusal = NotAvailable;
        try
        {
            user = name is null ? null : PosixPrograms.FindUser(name, 0);
            if (name is not null && user is null)
            {
                Log.AgentUserUnknown(logger, name);
                refusal = NotConfigured;
                return false;
            }
            if (user is null or { Id: Root })
            {
                user = Default();
            }
        }
        catch (IOException e)
        {
            Log.AgentUsersFailed(logger, e);
            return false;
        }
        if (user is { Id: not Root } && (IsSwitching ? user.Group != Root : user.Id == _self))
        {
            refusal = null;
            return true;
        }
        Log.AgentUserRefused(logger, user?.Name ?? name ?? defaultUser ?? "");
        user = null;
        refusal = NotConfigured;
        return false;
    }

    /// <summary>For <see cref="FileDelivery"/>; null: our own rights.</summary>
    public FileIdentity? IdentityOf(SystemUser user) => IsSwitching ? new FileIdentity(user.Id, user.Group, user.Groups) : null;

    private SystemUser? Default() =>
        !IsSwitching ? PosixPrograms.FindUser(null, _self) ?? new SystemUser("", _self, 0, [], "/", "/bin/sh")
        : defaultUser is null ? null : PosixPrograms.FindUser(defaultUser, 0);
}
