using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Store.Metadata;

namespace MailAccess.Imap.Searching;

/// <summary>
/// Puts searches that are kept as annotations of the server in the place of the FILTER keys that name them. RFC 5466.
/// </summary>
internal sealed class SearchFilters
{
    /// <summary>Filters that name filters: at least 3 levels, RFC 5466 §3.1.</summary>
    private const int LevelsMax = 8;

    private const string Values = "/filters/values/";

    private readonly ImapServices _services;
    private readonly IReadOnlyList<Annotation> _annotations;
    private readonly Stack<string> _open = [];
    private int _keys;
    private ImapCompletion _refusal;

    private SearchFilters(ImapServices services, IReadOnlyList<Annotation> annotations)
    {
        _services = services;
        _annotations = annotations;
    }

    /// <summary>The key without FILTER; or why there is none.</summary>
    public static async ValueTask<(SearchKey Key, ImapCompletion Refusal)> ResolveAsync(ImapSession session, SearchKey key)
    {
        if (!key.Leaves.OfType<SearchKey.Filter>().Any())
        {
            return (key, default);
        }
        IReadOnlyList<Annotation>? annotations = [];
        if (session.Account is IUserAccount account)
        {
            StoreResult<IReadOnlyList<Annotation>> read = await account.GetAnnotationsAsync(name: null, CancellationToken.None);
            if (!read.TryGet(out annotations))
            {
                return (key, ImapErrors.ToCompletion(read.Error));
            }
        }
        SearchFilters filters = new(session.Services, annotations);
        SearchKey resolved = filters.Resolve(key);
        return (resolved, filters._refusal);
    }

    /// <summary>False for an entry of the server that would be a filter and is no search.</summary>
    public static bool MayBeStored(ImapServices services, Annotation annotation) =>
        services.IsDisabled("FILTERS") || annotation.Value is not { } value
        || !(annotation.Entry.StartsWith("/private" + Values, StringComparison.Ordinal) || annotation.Entry.StartsWith("/shared" + Values, StringComparison.Ordinal))
        || TryParse(services, value, out _);

    private static bool TryParse(ImapServices services, ReadOnlyMemory<byte> value, out SearchKey key) =>
        SearchGrammar.TryParseStored(services.ArgumentsOf(value, ImapExtensions.None), services.IsDisabled, out key);

    private SearchKey Resolve(SearchKey key) => key is SearchKey.Filter filter ? ResolveFilter(filter) : key.WithParts(Resolve);

    private SearchKey ResolveFilter(SearchKey.Filter filter)
    {
        if (_refusal.IsGiven)
        {
            return filter;
        }
        if (!filter.IsUtf8)
        {
            _refusal = ImapCompletion.Bad("BADCHARSET (US-ASCII UTF-8)", "filters are in UTF-8"); // RFC 5466 §3.1.
            return filter;
        }
        string name = filter.Name.ToLowerInvariant();
        if (ValueOf(name) is not { } value || _open.Contains(name) || _open.Count == LevelsMax || !TryParse(_services, value, out SearchKey key))
        {
            _refusal = ImapCompletion.No($"UNDEFINED-FILTER {filter.Name}", "there is no such filter, or it is no search");
            return filter;
        }
        _keys += key.Leaves.Count() + 1;
        if (_keys > _services.Limits.SearchKeysMax)
        {
            _refusal = ImapCompletion.No("LIMIT", "these filters are too long together");
            return filter;
        }
        _open.Push(name);
        SearchKey resolved = Resolve(key);
        _open.Pop();
        return resolved;
    }

    /// <summary>The user's own before the one for all, RFC 5466 §3.1.</summary>
    private ReadOnlyMemory<byte>? ValueOf(string name) => Find("/private" + Values + name) ?? Find("/shared" + Values + name);

    private ReadOnlyMemory<byte>? Find(string entry) =>
        _annotations.FirstOrDefault(a => a.Entry.Equals(entry, StringComparison.OrdinalIgnoreCase))?.Value;
}
