using System.Globalization;
using System.Text;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Which letter stands for which keyword in this folder: Dovecot's <c>dovecot-keywords</c>. What finds no free letter lives in
/// the index and in <see cref="KeywordsFile"/>. <c>$Forwarded</c> is also the letter P, which other programs know.
/// </summary>
internal sealed class KeywordLetters
{
    private const string Forwarded = "$Forwarded";

    private readonly string?[] _names = new string?[FlagLetters.KeywordLetters];

    /// <summary>Lines <c>number SP keyword</c>; others are ignored.</summary>
    public static KeywordLetters Parse(ReadOnlySpan<byte> content)
    {
        var letters = new KeywordLetters();
        foreach (string line in Encoding.UTF8.GetString(content).Split('\n'))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space > 0 && space + 1 < line.Length
                && int.TryParse(line.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                if (number < letters._names.Length)
                {
                    letters._names[number] = line[(space + 1)..];
                }
                else
                {
                    letters.BeyondLetters++;
                }
            }
        }
        return letters;
    }

    /// <summary>Keywords in the file that have no letter: which messages have them stands in Dovecot's index alone.</summary>
    public int BeyondLetters { get; private set; }

    public byte[] Format()
    {
        var text = new StringBuilder();
        for (int i = 0; i < _names.Length; i++)
        {
            if (_names[i] is { } name)
            {
                text.Append(CultureInfo.InvariantCulture, $"{i} {name}\n");
            }
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>The names that have letters, in the order of these.</summary>
    public IEnumerable<string> Names => _names.OfType<string>();

    /// <summary>Gives letters to the keywords that have none while there are any left; true where one was given.</summary>
    public bool Add(KeywordTable table)
    {
        bool added = false;
        foreach (string name in table.Names)
        {
            int free = Array.IndexOf(_names, null);
            if (LetterOf(name) < 0 && free >= 0)
            {
                _names[free] = name;
                added = true;
            }
        }
        return added;
    }

    /// <summary>The letters of a message's keywords. Of those that its name has, the ones that stand for nothing here stay.</summary>
    public uint LettersOf(KeywordTable table, ulong keywords, FlagLetters old)
    {
        uint known = NamedLetters() | (table.Names.Any(IsForwarded) ? FlagLetters.PassedKeyword : 0);
        uint letters = old.Keywords & ~known;
        for (int bit = 0; keywords != 0 && bit < table.Names.Count; bit++)
        {
            if ((keywords & (1UL << bit)) == 0)
            {
                continue;
            }
            if (LetterOf(table.Names[bit]) is int letter and >= 0)
            {
                letters |= 1u << letter;
            }
            if (IsForwarded(table.Names[bit]))
            {
                letters |= FlagLetters.PassedKeyword;
            }
        }
        return letters;
    }

    /// <summary>The names of these letters; letters without a name are skipped.</summary>
    public List<string> NamesOf(uint letters)
    {
        List<string> names = [];
        for (int i = 0; i < _names.Length; i++)
        {
            if ((letters & (1u << i)) != 0 && _names[i] is { } name)
            {
                names.Add(name);
            }
        }
        if ((letters & FlagLetters.PassedKeyword) != 0 && !names.Exists(IsForwarded))
        {
            names.Add(Forwarded);
        }
        return names;
    }

    /// <summary>Those of the letters that no keyword has, as bits.</summary>
    public uint WithoutName(uint letters) => letters & ~FlagLetters.PassedKeyword & ~NamedLetters();

    /// <summary>True where the names of files say all of this keyword.</summary>
    public bool HasLetter(string name) => LetterOf(name) >= 0 || IsForwarded(name);

    private static bool IsForwarded(string name) => name.Equals(Forwarded, StringComparison.OrdinalIgnoreCase);

    private uint NamedLetters()
    {
        uint named = 0;
        for (int i = 0; i < _names.Length; i++)
        {
            named |= _names[i] is null ? 0 : 1u << i;
        }
        return named;
    }

    private int LetterOf(string name) => Array.FindIndex(_names, n => name.Equals(n, StringComparison.OrdinalIgnoreCase));
}
