using System.Buffers.Binary;
using System.Diagnostics;
using MailAccess.Store;

namespace MailAccess.Imap.Sorting;

/// <summary>
/// Puts messages in the order of a program. Each criterion becomes a column of numbers first: texts are ranked once, however many messages
/// have them, so that only numbers are compared.
/// </summary>
internal static class MessageSorter
{
    /// <summary>The indices in the view, in order; with their scores, by index, where the program compares them.</summary>
    public static List<int> Sort(MessageKeys keys, SortProgram program, Dictionary<int, int>? scores = null)
    {
        int[] order = SortPositions(keys, program, scores);
        List<int> sorted = new(order.Length);
        foreach (int position in order)
        {
            sorted.Add(keys.IndexOf(position));
        }
        return sorted;
    }

    /// <summary>The positions in the keys, in order.</summary>
    private static int[] SortPositions(MessageKeys keys, SortProgram program, Dictionary<int, int>? scores)
    {
        int[] order = new int[keys.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }
        long[][] columns = [.. program.Criteria.Select(c => ColumnOf(keys, c, scores))];
        Array.Sort(order, new ByColumns(columns));
        return order;
    }

    private static long[] ColumnOf(MessageKeys keys, SortCriterion criterion, Dictionary<int, int>? scores)
    {
        long[] column = new long[keys.Count];
        switch (criterion.Key)
        {
            case SortKey.Arrival or SortKey.Date or SortKey.Size:
                for (int i = 0; i < column.Length; i++)
                {
                    column[i] = NumberOf(keys, i, criterion.Key);
                }
                break;
            case SortKey.Relevancy:
                for (int i = 0; i < column.Length; i++)
                {
                    column[i] = -(scores?.GetValueOrDefault(keys.IndexOf(i)) ?? 0);
                }
                break;
            default:
                RankTexts(keys, criterion.Key, column);
                break;
        }
        if (criterion.IsReverse)
        {
            for (int i = 0; i < column.Length; i++)
            {
                column[i] = ~column[i]; // Greater becomes smaller, without overflow.
            }
        }
        return column;
    }

    private static long NumberOf(MessageKeys keys, int position, SortKey key) => key switch
    {
        SortKey.Arrival => keys.RecordOf(position).InternalDateSeconds,
        SortKey.Date => keys.SentSecondsOf(position),
        SortKey.Size => keys.RecordOf(position).Octets,
        _ => throw new UnreachableException($"{key} is no number"),
    };

    private static int TextOf(in KeyRow row, SortKey key) => key switch
    {
        SortKey.Cc => row.Cc,
        SortKey.From => row.From,
        SortKey.Subject => row.BaseSubject,
        SortKey.To => row.To,
        SortKey.DisplayFrom => row.DisplayFrom,
        SortKey.DisplayTo => row.DisplayTo,
        _ => throw new UnreachableException($"{key} is no text"),
    };

    /// <summary>Numbers for texts, in the order of their collation keys.</summary>
    private static void RankTexts(MessageKeys keys, SortKey key, long[] column)
    {
        int[] texts = new int[column.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = TextOf(keys[i], key);
        }
        int[] distinct = [.. texts];
        Array.Sort(distinct);
        int count = 0;
        for (int i = 0; i < distinct.Length; i++)
        {
            if (i == 0 || distinct[i] != distinct[i - 1])
            {
                distinct[count++] = distinct[i];
            }
        }
        distinct = distinct[..count];
        int[] ordered = [.. distinct];
        Array.Sort(PrefixesOf(keys.Texts, ordered), ordered); // Most are decided by their first octets.
        SortAlike(keys.Texts, ordered);
        int[] rankOf = new int[count];
        for (int rank = 0; rank < count; rank++)
        {
            rankOf[Array.BinarySearch(distinct, ordered[rank])] = rank;
        }
        for (int i = 0; i < texts.Length; i++)
        {
            column[i] = rankOf[Array.BinarySearch(distinct, texts[i])];
        }
    }

    /// <summary>Runs of texts with the same first octets, by all their octets.</summary>
    private static void SortAlike(PooledTexts pool, int[] texts)
    {
        ulong[] prefixes = PrefixesOf(pool, texts);
        Comparison<int> byOctets = (a, b) => pool[a].SequenceCompareTo(pool[b]);
        for (int start = 0; start < texts.Length;)
        {
            int end = start + 1;
            while (end < texts.Length && prefixes[end] == prefixes[start])
            {
                end++;
            }
            if (end - start > 1)
            {
                texts.AsSpan(start, end - start).Sort(byOctets);
            }
            start = end;
        }
    }

    private static ulong[] PrefixesOf(PooledTexts pool, int[] texts)
    {
        ulong[] prefixes = new ulong[texts.Length];
        Span<byte> first = stackalloc byte[8];
        for (int i = 0; i < texts.Length; i++)
        {
            ReadOnlySpan<byte> text = pool[texts[i]];
            first.Clear();
            text[..Math.Min(8, text.Length)].CopyTo(first);
            prefixes[i] = BinaryPrimitives.ReadUInt64BigEndian(first);
        }
        return prefixes;
    }

    private sealed class ByColumns(long[][] columns) : IComparer<int>
    {
        public int Compare(int x, int y)
        {
            foreach (long[] column in columns)
            {
                int order = column[x].CompareTo(column[y]);
                if (order != 0)
                {
                    return order;
                }
            }
            return x.CompareTo(y); // The implicit criterion, "sequence number": RFC 5256 §3.
        }
    }
}
