using MailAccess.Auth;
using MailAccess.Wire;

namespace MailAccess.Imap;

/// <summary>What is announced: only what is whole. RFC 3501 §7.2.1.</summary>
internal static class ImapCapabilities
{
    private const string AppendLimit = "APPENDLIMIT";

    /// <summary>Who has not logged in may send little without being asked, who has may send much. RFC 7888 §5.</summary>
    private const string LiteralMinus = "LITERAL-";

    private const string LiteralPlus = "LITERAL+";

    /// <summary>Valid in every state.</summary>
    private static readonly string[] Always = [LiteralPlus, "SASL-IR", "ID", "ENABLE", "IDLE"];

    /// <summary>Told when they can be used; each names the table's rows that serve it, or a rule of the session.</summary>
    private static readonly string[] AfterLogin =
    [
        "NAMESPACE", "CHILDREN", "UNSELECT", "UIDPLUS", "MOVE", "SPECIAL-USE", "CREATE-SPECIAL-USE", "LIST-EXTENDED", "LIST-STATUS",
        "STATUS=SIZE", "MULTIAPPEND", "COMPRESS=DEFLATE", "UNAUTHENTICATE",
    ];

    /// <summary>Everything that can be switched off.</summary>
    public static IEnumerable<string> Extensions => [.. Always, .. AfterLogin, AppendLimit];

    /// <summary>capability-data without its first word.</summary>
    public static string For(IConnection connection, ImapServices services, bool isLoggedIn)
    {
        List<string> all = ["IMAP4rev1", .. Always];
        if (isLoggedIn)
        {
            all.AddRange(AfterLogin);
            all.Add(AppendLimit);
        }
        else
        {
            AuthenticationContext context = ContextOf(connection);
            if (connection.CanUpgradeToTls)
            {
                all.Add("STARTTLS");
            }
            if (!services.Authenticator.AllowsPlaintext(context))
            {
                all.Add("LOGINDISABLED"); // RFC 3501 §6.2.3.
            }
            all.AddRange(services.Authenticator.MechanismsFor(context).Select(m => "AUTH=" + m));
        }
        return string.Join(' ', all.Where(c => !services.IsDisabled(c) || c == "IMAP4rev1")
            .Select(c => c == AppendLimit ? $"{c}={services.Limits.AppendOctetsMax}" // RFC 7889 §3.
                : c == LiteralPlus && !isLoggedIn ? LiteralMinus : c));
    }

    /// <summary>What the authenticator may know of the client now.</summary>
    public static AuthenticationContext ContextOf(IConnection connection) => new()
    {
        Remote = connection.Remote.Address,
        ConnectionId = connection.Id,
        Protocol = "imap",
        IsEncrypted = connection.Tls is not null,
        ServerEndPointBinding = connection.Tls?.ServerEndPointBinding ?? default,
    };
}
