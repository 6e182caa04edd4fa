using System.Diagnostics.CodeAnalysis;

namespace MailAccess.Store;

/// <summary>The system flags that are kept; <c>\Recent</c> is a session's matter. RFC 9051 §2.3.2.</summary>
[Flags]
public enum SystemFlags : byte
{
    /// <summary>No flag.</summary>
    None = 0,
    /// <summary><c>\Seen</c></summary>
    Seen = 1,
    /// <summary><c>\Answered</c></summary>
    Answered = 2,
    /// <summary><c>\Flagged</c></summary>
    Flagged = 4,
    /// <summary><c>\Deleted</c></summary>
    Deleted = 8,
    /// <summary><c>\Draft</c></summary>
    Draft = 16,
}

/// <summary>How <see cref="IMailbox.ChangeFlagsAsync"/> combines the given flags with those a message has.</summary>
public enum FlagOperation
{
    /// <summary><c>FLAGS</c></summary>
    Replace,
    /// <summary><c>+FLAGS</c></summary>
    Add,
    /// <summary><c>-FLAGS</c></summary>
    Remove,
}

/// <summary>
/// The keywords of one mailbox, in the order in which they were first used; a message has them as bits of a mask.
/// Immutable; compared without case (RFC 9051 §2.3.2), kept as first written.
/// </summary>
public sealed class KeywordTable
{
    /// <summary>Bits in a message's mask.</summary>
    public const int KeywordsMax = 64;

    /// <summary>No keyword yet.</summary>
    public static readonly KeywordTable Empty = new([]);

    private readonly string[] _names;

    /// <summary>Takes the names in bit order; at most <see cref="KeywordsMax"/>.</summary>
    public KeywordTable(IReadOnlyList<string> names)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(names.Count, KeywordsMax);
        _names = [.. names];
    }

    /// <summary>Names in bit order.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>The mask with this keyword's bit, or false where no message of the mailbox ever had it.</summary>
    public bool TryGetMask(string name, out ulong mask)
    {
        int bit = Array.FindIndex(_names, n => n.Equals(name, StringComparison.OrdinalIgnoreCase));
        mask = bit < 0 ? 0 : 1UL << bit;
        return bit >= 0;
    }

    /// <summary>A table that also has these names, with their mask; false where it would be too long.</summary>
    public bool TryWith(IReadOnlyList<string> names, [NotNullWhen(true)] out KeywordTable? table, out ulong mask)
    {
        List<string> all = [.. _names];
        mask = 0;
        foreach (string name in names)
        {
            int bit = all.FindIndex(n => n.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (bit < 0)
            {
                bit = all.Count;
                all.Add(name);
            }
            if (bit >= KeywordsMax)
            {
                table = null;
                return false;
            }
            mask |= 1UL << bit;
        }
        table = all.Count == _names.Length ? this : new KeywordTable(all);
        return true;
    }

    /// <summary>The names whose bits are set.</summary>
    public IEnumerable<string> NamesOf(ulong mask)
    {
        for (int bit = 0; bit < _names.Length; bit++)
        {
            if ((mask & (1UL << bit)) != 0)
            {
                yield return _names[bit];
            }
        }
    }
}
