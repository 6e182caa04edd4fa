using MailAccess.Store.Files;

namespace MailAccess.Store.Journal;

/// <summary>What a journal held when the process began.</summary>
internal sealed record JournalContent(
    IReadOnlyList<JournalRecord> Records, IReadOnlyList<string> Segments, bool IsSameBoot, ulong LastSegment, ulong LastSequence);

/// <summary>Reads the segments that an earlier process left.</summary>
internal static class JournalReader
{
    public static JournalContent Read(IFiles files, string folder, Guid bootId)
    {
        List<JournalRecord> records = [];
        List<(ulong Number, ulong First, byte[] Octets)> segments = [];
        List<string> paths = [];
        bool sameBoot = true;
        foreach (string name in (files.List(folder) ?? []).Where(n => n.EndsWith(".journal", StringComparison.Ordinal)))
        {
            string path = Path.Combine(folder, name);
            paths.Add(path);
            byte[] octets = files.ReadAll(path) ?? [];
            if (JournalFormat.TryReadSegmentHeader(octets, out ulong number, out ulong first, out Guid writtenUnder))
            {
                segments.Add((number, first, octets));
                sameBoot &= writtenUnder == bootId;
            }
        }
        ulong last = 0;
        foreach ((_, ulong first, byte[] octets) in segments.OrderBy(s => s.Number))
        {
            ulong sequence = first;
            int at = JournalFormat.SegmentHeaderOctets;
            while (JournalFormat.TryReadRecord(octets.AsSpan(at), sequence, out JournalRecord? record, out int length))
            {
                records.Add(record);
                last = sequence++;
                at += length;
            }
            last = Math.Max(last, first);
        }
        return new JournalContent(records, paths, sameBoot, segments.Count == 0 ? 0 : segments.Max(s => s.Number), last);
    }
}
