using System.Globalization;
using System.Text;
using MailAccess.Directories.Ldap;
using MailAccess.Tables;

namespace MailAccess.Directories.Tables;

/// <summary>
/// <c>ldap:/file.cf</c>, a table in an LDAP directory: ldap_table(5). The filter is read before a key is put into it, so nothing of a key can be syntax (RFC 4515).
/// </summary>
public sealed class LdapTable : ILookUpTable, IAsyncDisposable
{
    private const int EntriesMax = 10_000;

    private static readonly string[] Parameters =
    [
        "server_host", "server_port", "timeout", "search_base", "query_filter", "result_attribute", "scope", "bind", "bind_dn", "bind_pw", "version", "start_tls",
        "tls_ca_cert_file", "size_limit", .. RemoteResults.Parameters,
    ];

    private readonly LdapPool _pool;
    private readonly LdapOptions _options;
    private readonly LdapTemplate _base;
    private readonly LdapFilter _filter;
    private readonly string[] _places;
    private readonly string[] _attributes;
    private readonly bool _isRead;
    private readonly int _sizeMax;
    private readonly RemoteResults _results;

    private LdapTable(string name, TableParameters parameters, LdapOptions options, LdapTemplate searchBase, LdapFilter filter, RemoteResults results, TimeProvider clock)
    {
        Name = name;
        _options = options;
        _pool = new LdapPool(options, isBound: true, clock);
        _base = searchBase;
        _filter = filter;
        _results = results;
        _places = [parameters.Get("search_base"), parameters.Get("query_filter")];
        _attributes = [.. parameters.List("result_attribute", "maildrop")];
        _isRead = parameters.Get("scope", "sub") == "base";
        _sizeMax = int.Parse(parameters.Get("size_limit", "0"), CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool TakesWholeKeysOnly => false;

    /// <summary>A <see cref="TableFactory"/>. Connects when it is first asked.</summary>
    public static ILookUpTable? Open(string name, string argument, TableContext context, out string? error)
    {
        if (TableParameters.Read(argument, Parameters, out error) is not { } parameters || RemoteResults.Read(parameters, out error) is not { } results)
        {
            return null;
        }
        List<Uri?> servers = [.. parameters.List("server_host", "localhost").Select(h => Server(h, parameters.Get("server_port", "389")))];
        LdapTemplate? searchBase = Translate(parameters.Get("search_base")) is { } dn ? LdapTemplate.TryParse(Encoding.UTF8.GetBytes(dn)) : null;
        string filterText = parameters.Get("query_filter", "(mailacceptinggeneralid=%s)");
        string? problem = null;
        LdapFilter? filter = Translate(filterText.StartsWith('(') ? filterText : $"({filterText})") is { } written && LdapFilter.TryParse(written, out LdapFilter? read, out problem) ? read : null;
        string authority = parameters.Get("tls_ca_cert_file");
        error = servers.Contains(null) ? parameters.Problem("server_host", "allowed are names of hosts and ldap:// and ldaps:// addresses")
            : searchBase is null ? parameters.Problem("search_base", "allowed after a percent sign are s, u, d, 1 to 9 and %")
            : filter is null ? parameters.Problem("query_filter", problem ?? "allowed after a percent sign are s, u, d, 1 to 9 and %")
            : parameters.Get("scope", "sub") is not ("sub" or "base") ? parameters.Problem("scope", "allowed are sub and base")
            : parameters.Get("version", "3") != "3" ? parameters.Problem("version", "only version 3 is served")
            : parameters.Get("bind", "yes") is not ("yes" or "no" or "simple" or "none") ? parameters.Problem("bind", "allowed are yes, no, simple and none")
            : !int.TryParse(parameters.Get("timeout", "10"), out int seconds) || seconds <= 0 ? parameters.Problem("timeout", "is no number of seconds")
            : !int.TryParse(parameters.Get("size_limit", "0"), out int size) || size < 0 ? parameters.Problem("size_limit", "is no number")
            : null;
        if (error is not null)
        {
            return null;
        }
        bool binds = parameters.Get("bind", "yes") is "yes" or "simple" && parameters.Get("bind_dn").Length > 0;
        LdapOptions options = new()
        {
            Servers = [.. servers.OfType<Uri>()],
            StartTls = parameters.Get("start_tls", "no") == "yes",
            AuthorityFile = authority.Length > 0 ? authority : null,
            BindDn = binds ? parameters.Get("bind_dn") : null,
            ReadPassword = binds ? () => parameters.Get("bind_pw") : null,
            Base = parameters.Get("search_base"),
            Timeout = TimeSpan.FromSeconds(int.Parse(parameters.Get("timeout", "10"), CultureInfo.InvariantCulture)),
        };
        return new LdapTable(name, parameters, options, searchBase!, filter!, results, context.Clock);
    }

    /// <inheritdoc/>
    public async ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken)
    {
        string asked = key.ToLowerInvariant();
        if (asked.Length == 0 || asked.Any(char.IsControl) || !_results.Asks(asked) || _places.Any(p => KeyTemplate.TryParse(p)?.Expand(asked, asked) is null))
        {
            return TableAnswer.NotFound;
        }
        try
        {
            int at = asked.LastIndexOf('@');
            // The numbers are of a key without @ too: it is a domain.
            LdapName name = at < 0 ? new LdapName(asked, asked, asked) : new LdapName(asked, asked[..at], asked[(at + 1)..]);
            LdapSearch search = new(_base.ExpandDn(name), _isRead, _filter, name, _attributes, _sizeMax > 0 ? _sizeMax + 1 : EntriesMax);
            List<LdapEntry> found = await _pool.RunAsync((client, stop) => client.SearchAsync(search, _options.Timeout, stop), cancellationToken);
            return _sizeMax > 0 && found.Count > _sizeMax
                ? new TableAnswer(LookUpOutcome.Failed, Error: $"{Name}: more than {_sizeMax} entries (size_limit)")
                : _results.Answer(Name, asked, found.SelectMany(e => _attributes.SelectMany(e.Texts)));
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException)
        {
            return new TableAnswer(LookUpOutcome.Failed, Error: $"{Name}: {problem.Message}");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _pool.Dispose();
        return default;
    }

    private static Uri? Server(string host, string port) => LdapOptions.ReadServer(host.Contains("://", StringComparison.Ordinal) ? host
        : host.Contains(':', StringComparison.Ordinal) ? $"ldap://{host}" : $"ldap://{host}:{port}");

    /// <summary>Postfix's letters as <see cref="LdapTemplate"/> has them: %s is its %u, %u its %n.</summary>
    private static string? Translate(string text) => KeyTemplate.TryParse(text) is not { } template ? null : string.Concat(template.Parts.Select(p =>
        p.Literal.Replace("%", "%%", StringComparison.Ordinal) + p.Place switch { '\0' => "", 's' or 'S' => "%u", 'u' or 'U' => "%n", 'd' or 'D' => "%d", char digit => $"%{digit}" }));
}
