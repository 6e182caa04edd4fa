using MailAccess.Message.Searching;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>Which messages have the texts of a search, as the store found them.</summary>
internal sealed class ContentMatches
{
    private readonly Dictionary<SearchKey, UidSet> _found = new(ReferenceEqualityComparer.Instance);

    private ContentMatches()
    {
    }

    /// <summary>Lets the store look for all the texts, in one pass over the messages.</summary>
    public static async ValueTask<StoreResult<ContentMatches>> FindAsync(
        IMailbox mailbox, UidSet candidates, IReadOnlyList<SearchKey> texts, CancellationToken cancellationToken)
    {
        ContentMatches matches = new();
        if (texts.Count == 0)
        {
            return matches;
        }
        StoreResult<IReadOnlyList<UidSet>> searched = await mailbox.SearchTextAsync(candidates, [.. texts.Select(TermOf)], cancellationToken);
        if (!searched.TryGet(out IReadOnlyList<UidSet>? found))
        {
            return searched.Error;
        }
        foreach ((int index, SearchKey key) in texts.Index())
        {
            matches._found[key] = found[index];
        }
        return matches;
    }

    /// <summary>Whether the message has the text of this key.</summary>
    public bool Has(SearchKey key, Uid uid) => _found[key].Contains(uid);

    private static TextTerm TermOf(SearchKey key) => key is SearchKey.Header header ? header.Term : ((SearchKey.Content)key).Term;
}
