using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Text;

namespace MailAccess.Message.Folding;

/// <summary>
/// Normalization Form C, Unicode Standard Annex #15, as Net-Unicode wants it: the framework has none in invariant mode. The table is made by
/// <c>tools/compositions.py</c>.
/// </summary>
public static class ComposedText
{
    private const uint Magic = 0x4D41_434F;
    private const uint NeverComposed = 1U << 31;
    private const int FirstMark = 0x300; // All text below is in this form.
    private const int HangulFirst = 0xAC00;
    private const int HangulCount = 11_172;
    private const int HangulLead = 0x1100;
    private const int HangulVowel = 0x1161;
    private const int HangulTail = 0x11A7;

    private static readonly FrozenDictionary<int, (int First, int Second)> Decompositions;
    private static readonly FrozenDictionary<(int First, int Second), int> Compositions;

    static ComposedText()
    {
        using Stream stream = typeof(ComposedText).Assembly.GetManifestResourceStream("compositions.bin")!;
        byte[] data = new byte[stream.Length];
        stream.ReadExactly(data);
        ReadOnlySpan<uint> numbers = MemoryMarshal.Cast<byte, uint>(data);
        if (numbers[0] != Magic || numbers.Length != 2 + (3 * (int)numbers[1]))
        {
            throw new InvalidDataException("compositions.bin is not what tools/compositions.py writes.");
        }
        Dictionary<int, (int, int)> decompositions = [];
        Dictionary<(int, int), int> compositions = [];
        for (int i = 2; i < numbers.Length; i += 3)
        {
            int codePoint = (int)(numbers[i] & ~NeverComposed);
            (int, int) parts = ((int)numbers[i + 1], (int)numbers[i + 2]);
            decompositions.Add(codePoint, parts);
            if ((numbers[i] & NeverComposed) == 0)
            {
                compositions.Add(parts, codePoint);
            }
        }
        Decompositions = decompositions.ToFrozenDictionary();
        Compositions = compositions.ToFrozenDictionary();
    }

    /// <summary>The text is in this form.</summary>
    public static bool IsComposed(string text) => IsSimple(text) || Compose(text) == text;

    /// <summary>The text in this form. Half surrogate pairs become U+FFFD.</summary>
    public static string Compose(string text)
    {
        if (IsSimple(text))
        {
            return text;
        }
        List<int> points = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, points);
        }
        PutMarksInOrder(points);
        Compose(points);
        StringBuilder composed = new(text.Length);
        foreach (int point in points)
        {
            composed.Append(new Rune(point).ToString());
        }
        return composed.ToString();
    }

    private static bool IsSimple(string text) => !text.AsSpan().ContainsAnyInRange((char)FirstMark, char.MaxValue);

    private static void Decompose(int codePoint, List<int> points)
    {
        if (codePoint - HangulFirst is >= 0 and < HangulCount and int syllable)
        {
            points.Add(HangulLead + (syllable / 588));
            points.Add(HangulVowel + (syllable % 588 / 28));
            if (syllable % 28 != 0)
            {
                points.Add(HangulTail + (syllable % 28));
            }
        }
        else if (Decompositions.TryGetValue(codePoint, out (int First, int Second) parts))
        {
            Decompose(parts.First, points);
            if (parts.Second != 0)
            {
                Decompose(parts.Second, points);
            }
        }
        else
        {
            points.Add(codePoint);
        }
    }

    /// <summary>Canonical ordering, The Unicode Standard, chapter 3.11: each run of marks by class, those of a class as they stand.</summary>
    private static void PutMarksInOrder(List<int> points)
    {
        for (int start = 0; start < points.Count;)
        {
            int end = start;
            bool isInOrder = true;
            while (end < points.Count && CaseMap.Instance.ClassOf(points[end]) is var combining and not 0)
            {
                isInOrder &= end == start || CaseMap.Instance.ClassOf(points[end - 1]) <= combining;
                end++;
            }
            if (!isInOrder)
            {
                int[] marks = [.. points.GetRange(start, end - start).OrderBy(CaseMap.Instance.ClassOf)];
                for (int i = 0; i < marks.Length; i++)
                {
                    points[start + i] = marks[i];
                }
            }
            start = end + 1;
        }
    }

    /// <summary>Canonical composition, chapter 3.11: what begins a character takes up what follows and is not kept from it by another mark.</summary>
    private static void Compose(List<int> points)
    {
        int starter = -1;
        int lastClass = 0;
        int length = 0;
        foreach (int point in CollectionsMarshal.AsSpan(points))
        {
            int combining = CaseMap.Instance.ClassOf(point);
            if (starter >= 0 && (lastClass == 0 || lastClass < combining) && TryCompose(points[starter], point, out int composed))
            {
                points[starter] = composed;
                continue;
            }
            starter = combining == 0 ? length : starter;
            lastClass = combining;
            points[length++] = point;
        }
        points.RemoveRange(length, points.Count - length);
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        if (first is >= HangulLead and < HangulLead + 19 && second is >= HangulVowel and < HangulVowel + 21)
        {
            composed = HangulFirst + (((first - HangulLead) * 21) + second - HangulVowel) * 28;
            return true;
        }
        if (first - HangulFirst is >= 0 and < HangulCount and int syllable && syllable % 28 == 0 && second is > HangulTail and < HangulTail + 28)
        {
            composed = first + second - HangulTail;
            return true;
        }
        return Compositions.TryGetValue((first, second), out composed);
    }
}
