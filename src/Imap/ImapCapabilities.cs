using System.Collections.Frozen;
using MailAccess.Auth;
using MailAccess.Imap.Commands;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store.Access;
using MailAccess.Wire;

namespace MailAccess.Imap;

/// <summary>What is announced: only what is whole. RFC 3501 §7.2.1.</summary>
internal static class ImapCapabilities
{
    private const string AppendLimit = "APPENDLIMIT";

    private const string LiteralMinus = "LITERAL-";

    private const string ListMyRights = "LIST-MYRIGHTS";

    /// <summary>In place of LITERAL- for who has logged in: he may send much without being asked, others little. RFC 7888 §5.</summary>
    public const string LiteralPlus = "LITERAL+";

    /// <summary>IMAP4rev2, beside IMAP4rev1: a client that wants it enables it. RFC 9051 appendix A.</summary>
    public const string Revision2 = "IMAP4rev2";

    /// <summary>Valid in every state.</summary>
    private static readonly string[] Always = ["SASL-IR", "ID", "ENABLE", "IDLE"];

    /// <summary>Told when they can be used; each names the table's rows that serve it, or a rule of the session.</summary>
    private static readonly string[] AfterLogin =
    [
        "NAMESPACE", "CHILDREN", "UNSELECT", "UIDPLUS", "MOVE", "SPECIAL-USE", "CREATE-SPECIAL-USE", "LIST-EXTENDED", "LIST-STATUS",
        "STATUS=SIZE", "MULTIAPPEND", "COMPRESS=DEFLATE", "UNAUTHENTICATE", "QUOTA", "QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE",
        "OBJECTID", "SAVEDATE", "PREVIEW", "BINARY", "CATENATE", "URL-PARTIAL", "REPLACE", "CONDSTORE", "QRESYNC", "UTF8=ACCEPT",
        "INPROGRESS", "XLIST", "UIDONLY", "UIDBATCHES", "NOTIFY", UrlCommands.Capability,
    ];

    /// <summary>Of SEARCH and what is like it.</summary>
    private static readonly string[] OfSearching =
    [
        "ESEARCH", "SEARCHRES", "WITHIN", "SORT", "SORT=DISPLAY", "ESORT", "THREAD=ORDEREDSUBJECT", "THREAD=REFERENCES", "THREAD=REFS", "I18NLEVEL=1",
        "PARTIAL", "CONTEXT=SEARCH", "CONTEXT=SORT", "MULTISEARCH", "SEARCH=FUZZY",
    ];

    /// <summary>Those that tell a number.</summary>
    private static readonly string[] OfLimits = [AppendLimit, MessageLimit.Capability, MessageLimit.SaveCapability];

    /// <summary>What is nothing without others is off with them.</summary>
    private static readonly FrozenDictionary<string, string[]> Needs = new Dictionary<string, string[]>
    {
        [Revision2] = // RFC 9051 appendices B and E: they are part of it.
        [
            LiteralMinus, "SASL-IR", "ENABLE", "IDLE", "NAMESPACE", "UNSELECT", "UIDPLUS", "MOVE", "LIST-EXTENDED", "LIST-STATUS", "STATUS=SIZE",
            "BINARY", "ESEARCH", "SEARCHRES",
        ],
        ["QUOTA=RES-STORAGE"] = ["QUOTA"], // RFC 9208 §3.1.1.
        ["QUOTA=RES-MESSAGE"] = ["QUOTA"],
        ["XLIST"] = ["SPECIAL-USE"], // It is about nothing else.
        ["URL-PARTIAL"] = ["CATENATE"], // It is about CATENATE's URLs.
        [ListMyRights] = ["ACL", "LIST-EXTENDED"], // RFC 8440 §3.
        ["SEARCHRES"] = ["ESEARCH"], // RFC 5182 §2.1.
        ["SORT=DISPLAY"] = ["SORT"],
        ["ESORT"] = ["SORT", "ESEARCH"], // RFC 5267 §3.1.
        ["PARTIAL"] = ["ESEARCH"], // RFC 9394 §3.2.
        ["CONTEXT=SEARCH"] = ["ESEARCH"], // RFC 5267 §4.1.
        ["CONTEXT=SORT"] = ["ESORT"],
        ["MULTISEARCH"] = ["ESEARCH"], // RFC 7377 §2.1.
        ["FILTERS"] = ["METADATA"], // RFC 5466 §3.2.
        ["LIST-METADATA"] = ["METADATA", "LIST-EXTENDED"], // RFC 9590 §3.
        ["QRESYNC"] = ["CONDSTORE", "ENABLE"], // RFC 7162 §3.2, §3.2.3.
        ["UTF8=ACCEPT"] = ["ENABLE"], // RFC 6855 §3.
        ["UIDONLY"] = ["ENABLE"], // RFC 9586 §3.1.
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Those that the store's <see cref="AccessMailStore"/> makes possible. RFC 4314 §5.1.1 asks for both of ACL and RIGHTS.</summary>
    private static readonly string[] OfSharing = ["ACL", "RIGHTS=" + RightsText.NewLetters, ListMyRights];

    /// <summary>Those that annotations make possible. METADATA is both of mailboxes and of the server, RFC 5464 §1.</summary>
    private static readonly string[] OfAnnotations = ["METADATA", "FILTERS", "LIST-METADATA"];

    /// <summary>Everything that can be switched off.</summary>
    public static IEnumerable<string> Extensions =>
        [Revision2, LiteralPlus, LiteralMinus, .. Always, .. AfterLogin, .. OfSearching, .. OfLimits, "ACL", ListMyRights, .. OfAnnotations];

    /// <summary>capability-data without its first word.</summary>
    public static string For(IConnection connection, ImapServices services, bool isLoggedIn)
    {
        List<string> all = ["IMAP4rev1", Revision2, isLoggedIn && !services.IsDisabled(LiteralPlus) ? LiteralPlus : LiteralMinus, .. Always];
        if (isLoggedIn)
        {
            all.AddRange(AfterLogin);
            all.AddRange(OfSearching);
            all.AddRange(OfLimits);
            if (services.Store is AccessMailStore access)
            {
                all.AddRange(OfAnnotations);
                all.AddRange(access.Sharing is null || services.IsDisabled("ACL") ? [] : OfSharing.Where(c => c != ListMyRights || services.ListsMyRights));
            }
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
        return string.Join(' ', all.Where(c => c == "IMAP4rev1" || !services.IsDisabled(c))
            .Select(c => WithValue(c, services)));
    }

    private static string WithValue(string capability, ImapServices services) => capability switch
    {
        AppendLimit => $"{capability}={services.Limits.AppendOctetsMax}", // RFC 7889 §3.
        MessageLimit.Capability => $"{capability}={services.MessagesMax}", // RFC 9738 §3.
        MessageLimit.SaveCapability => $"{capability}={services.SavesMax}",
        _ => capability,
    };

    /// <summary>What the extension is nothing without.</summary>
    public static IReadOnlyList<string> NeedsOf(string capability) => Needs.TryGetValue(capability, out string[]? needs) ? needs : [];

    /// <summary>What the authenticator may know of the client now.</summary>
    public static AuthenticationContext ContextOf(IConnection connection) => new()
    {
        Remote = connection.Remote.Address,
        ConnectionId = connection.Id,
        Protocol = "imap",
        IsEncrypted = connection.Tls is not null,
        ServerEndPointBinding = connection.Tls?.ServerEndPointBinding ?? default,
        ClientCertificate = connection.Tls?.ClientCertificate ?? default,
    };
}
