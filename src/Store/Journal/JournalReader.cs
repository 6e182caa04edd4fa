using System.Globalization;
using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Journal;

/// <summary>A segment whose header is right: its records are numbered from the first one on.</summary>
internal sealed record JournalSegment(string Path, ulong Number, ulong FirstSequence, Guid BootId)
{
    /// <summary>Records that are whole.</summary>
    public int Records { get; init; }
}

/// <summary>
/// What a journal held when the process began: which segments, in order; the records themselves are read from them one by one.
/// </summary>
/// <param name="Segments">What was carried over first, then in the order of numbers.</param>
/// <param name="IsSameBoot">All was written since the machine was started.</param>
/// <param name="LastSegment">The highest number.</param>
/// <param name="LastSequence">The highest sequence.</param>
/// <param name="Damaged">Segments after which records are missing.</param>
internal sealed record JournalContent(
    IReadOnlyList<JournalSegment> Segments, bool IsSameBoot, ulong LastSegment, ulong LastSequence, IReadOnlyList<string> Damaged)
{
    public int RecordCount => Segments.Sum(s => s.Records);
}

/// <summary>Reads the segments that an earlier process left. Memory: one record at a time.</summary>
internal static class JournalReader
{
    public const string Extension = ".journal";

    private const int PieceOctets = 256 * 1024;

    /// <summary>Looks through all segments. Throws <see cref="FileFault"/> where one is of a newer version: what it holds must not be thrown away.</summary>
    public static JournalContent Read(IFiles files, string folder, Guid bootId)
    {
        List<JournalSegment> segments = [];
        bool sameBoot = true;
        foreach (string name in (files.List(folder) ?? []).Where(n => n.EndsWith(Extension, StringComparison.Ordinal)))
        {
            if (TryOpen(files, Path.Combine(folder, name)) is { } segment)
            {
                segments.Add(segment with { Records = Records(files, segment, withParts: false).Count() });
                sameBoot &= segment.BootId == bootId;
            }
        }
        segments.Sort((a, b) => a.Number.CompareTo(b.Number));
        ulong last = 0;
        List<string> damaged = [];
        for (int i = 0; i < segments.Count; i++)
        {
            if (segments[i].Number == 0)
            {
                continue; // Carried over: numbered for itself.
            }
            ulong next = segments[i].FirstSequence + (ulong)segments[i].Records;
            last = Math.Max(last, Math.Max(segments[i].FirstSequence, next - 1));
            if (i + 1 < segments.Count && segments[i + 1].FirstSequence > next && segments[i + 1].Number == segments[i].Number + 1)
            {
                damaged.Add(segments[i].Path);
            }
        }
        return new JournalContent(segments, sameBoot, segments.Count == 0 ? 0 : segments[^1].Number, last, damaged);
    }

    /// <summary>Null where the file is no segment, or one that was given back.</summary>
    public static JournalSegment? TryOpen(IFiles files, string path)
    {
        using IFile? file = files.Open(path, OpenKind.Read);
        byte[] header = new byte[JournalFormat.SegmentHeaderOctets];
        if (file is null || !file.TryFill(0, header))
        {
            return null;
        }
        if (JournalFormat.IsOfNewerVersion(header))
        {
            throw new FileFault("read of a newer version", path, Posix.NotSupported);
        }
        if (JournalFormat.TryReadSegmentHeader(header, out ulong number, out ulong first, out Guid boot))
        {
            return new JournalSegment(path, number, first, boot);
        }
        // Blank: given back. Else damaged: its records still prove themselves, and its name says which it was.
        byte[] record = new byte[JournalFormat.RecordHeaderOctets];
        return header.AsSpan().ContainsAnyExcept((byte)0) && file.TryFill(JournalFormat.SegmentHeaderOctets, record)
            && JournalFormat.SequenceOf(record) is ulong own and > 0
            ? new JournalSegment(path, ulong.TryParse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture, out ulong named) ? named : 0, own, Guid.Empty)
            : null;
    }

    /// <summary>The records up to the first that is torn, damaged, or of the segment's earlier use.</summary>
    public static IEnumerable<JournalRecord> Records(IFiles files, JournalSegment segment, bool withParts = true)
    {
        using IFile? file = files.Open(segment.Path, OpenKind.Read);
        if (file is null)
        {
            yield break;
        }
        long end = file.Octets;
        byte[] header = new byte[JournalFormat.RecordHeaderOctets];
        byte[] piece = new byte[PieceOctets];
        long at = JournalFormat.SegmentHeaderOctets;
        for (ulong sequence = segment.FirstSequence; ; sequence++)
        {
            if (!file.TryFill(at, header) || !JournalFormat.TryReadRecordHeader(header, sequence, out long length, out uint checksum)
                || length > Math.Min(end - at, Array.MaxLength) || !IsWhole(file, at, length, checksum, piece))
            {
                yield break;
            }
            byte[] record = header;
            if (withParts)
            {
                record = new byte[length];
                if (!file.TryFill(at, record))
                {
                    yield break;
                }
            }
            yield return JournalFormat.ReadRecord(record, sequence, segment.Path, at);
            at += length;
        }
    }

    /// <summary>The octets of a message; null where they cannot be had any more.</summary>
    public static byte[]? ReadContent(IFiles files, ContentPlace place)
    {
        using IFile? file = files.Open(place.Path, OpenKind.Read);
        byte[] content = new byte[place.Octets];
        return file is not null && file.TryFill(place.Offset, content) ? content : null;
    }

    private static bool IsWhole(IFile file, long at, long length, uint checksum, byte[] piece)
    {
        uint crc = 0xFFFF_FFFF;
        for (long done = 8; done < length;)
        {
            Span<byte> next = piece.AsSpan(0, (int)Math.Min(piece.Length, length - done));
            if (!file.TryFill(at + done, next))
            {
                return false;
            }
            crc = Crc.Continue(crc, next);
            done += next.Length;
        }
        return (crc ^ 0xFFFF_FFFF) == checksum;
    }
}
