using MailAccess.Message;

namespace MailAccess.Routing;

/// <summary>Folds an address field where longer addresses would make a line longer than RFC 5322 §2.1.1 allows. Pure.</summary>
internal static class LongLines
{
    /// <summary>Octets of a line without its line end. RFC 5322 §2.1.1.</summary>
    private const int LineOctetsMax = 998;

    /// <summary>Adds line ends to the changes of a field, before white space between its entries.</summary>
    /// <param name="field">With its name and line ends.</param>
    /// <param name="entries">Where entries begin in the field, ascending.</param>
    /// <param name="edits">Its changes, ascending; gets more.</param>
    public static void Fold(ReadOnlySpan<byte> field, IReadOnlyList<int> entries, List<OctetEdit> edits)
    {
        if (edits.Sum(e => e.Replacement.Length - e.Removed) <= 0)
        {
            return;
        }
        int next = 0; // The first edit at or behind the position.
        int line = 0; // Octets of the line up to the position, as it will be.
        int position = 0;
        for (int i = 0; i <= entries.Count; i++)
        {
            int end = i < entries.Count ? entries[i] : field.Length;
            ReadOnlySpan<byte> entry = field[position..end];
            int lineFeed = entry.IndexOf((byte)'\n');
            int head = Grown(position, lineFeed < 0 ? end : position + lineFeed, edits, next);
            int space = position - field[..position].TrimEnd(" \t"u8).Length;
            // Not where there is none, and no line of white space alone.
            if (line + head > LineOctetsMax && space > 0 && line > space)
            {
                edits.Insert(next++, new OctetEdit(position - space, 0, "\r\n"u8.ToArray()));
                line = space;
            }
            int last = entry.LastIndexOf((byte)'\n');
            line = last < 0 ? line + head : Grown(position + last + 1, end, edits, next);
            while (next < edits.Count && edits[next].Offset < end)
            {
                next++;
            }
            position = end;
        }
    }

    private static int Grown(int start, int end, List<OctetEdit> edits, int from)
    {
        int octets = end - start;
        for (int i = from; i < edits.Count && edits[i].Offset < end; i++)
        {
            octets += edits[i].Offset >= start ? edits[i].Replacement.Length - edits[i].Removed : 0;
        }
        return octets;
    }
}
