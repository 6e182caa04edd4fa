using System.Text;

namespace MailAccess.Store.Metadata;

/// <summary>
/// The annotations of a mailbox or account: a text file, a line for each, of the user's name (empty: shared), the entry and the value in
/// base64, separated by tabs, below a line with the format's version.
/// </summary>
internal sealed class AnnotationFile
{
    /// <summary>Beside a mailbox's messages. Not one of <c>mailaccess.*</c>: those may be deleted, this is data.</summary>
    public const string MailboxFile = "annotations";

    /// <summary>In an account's root, which is also INBOX's folder.</summary>
    public const string AccountFile = "account-annotations";

    private const string FirstLine = "mailaccess metadata 1";

    private readonly SortedDictionary<(string User, string Entry), ReadOnlyMemory<byte>> _values = new(Comparer<(string User, string Entry)>.Create(
        (a, b) => string.CompareOrdinal(a.User, b.User) is var users and not 0 ? users : string.CompareOrdinal(a.Entry, b.Entry)));

    /// <summary>Lines that cannot be read are passed over: one bad line costs one annotation.</summary>
    public static AnnotationFile Parse(ReadOnlySpan<byte> content)
    {
        AnnotationFile file = new();
        string[] lines = Encoding.UTF8.GetString(content).Split('\n');
        foreach (string line in lines[0] == FirstLine ? lines[1..] : [])
        {
            if (line.Split('\t') is [string user, string entry, string value])
            {
                byte[] octets = new byte[value.Length];
                if (Convert.TryFromBase64String(value, octets, out int length))
                {
                    file._values[(user, entry)] = octets.AsMemory(0, length);
                }
            }
        }
        return file;
    }

    public byte[] Format()
    {
        if (_values.Count == 0)
        {
            return [];
        }
        StringBuilder text = new(FirstLine + "\n");
        foreach (((string user, string entry), ReadOnlyMemory<byte> value) in _values)
        {
            text.Append(user).Append('\t').Append(entry).Append('\t').Append(Convert.ToBase64String(value.Span)).Append('\n');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>What this user may see: shared ones and his own.</summary>
    public IEnumerable<Annotation> For(string user) =>
        _values.Where(v => v.Key.User.Length == 0 || v.Key.User == user).Select(v => new Annotation(v.Key.Entry, v.Value))
            .OrderBy(a => a.Entry, StringComparer.Ordinal);

    /// <summary>All or none; none: this object is then of no further use.</summary>
    public StoreError Set(string user, IReadOnlyList<Annotation> annotations, MetadataLimits limits)
    {
        foreach (Annotation annotation in annotations)
        {
            (string, string) key = (annotation.IsPrivate ? user : "", annotation.Entry);
            if (annotation.Value is not { } value)
            {
                _values.Remove(key);
                continue;
            }
            if (value.Length > limits.ValueOctetsMax)
            {
                return StoreError.TooBig;
            }
            _values[key] = value.ToArray();
        }
        bool tooMany = _values.Keys.Where(k => k.User.Length == 0 || k.User == user).GroupBy(k => k.User).Any(g => g.Count() > limits.EntriesMax)
            || _values.Sum(v => (long)v.Key.User.Length + v.Key.Entry.Length + v.Value.Length) > limits.TotalOctetsMax;
        return tooMany && annotations.Any(a => a.Value is not null) ? StoreError.LimitReached : StoreError.None;
    }
}
