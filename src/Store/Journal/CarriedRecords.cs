using System.Buffers;
using MailAccess.Store.Files;

namespace MailAccess.Store.Journal;

/// <summary>
/// <c>carried.journal</c>: commits of mailboxes whose files cannot be written at present, taken out of segments so that these can be written
/// again. A segment with the number 0 and sequences of its own; recovery replays it before all others.
/// </summary>
internal static class CarriedRecords
{
    public const string FileName = "carried" + JournalReader.Extension;

    /// <summary>
    /// Writes the file anew, durably: what it held and what the segments hold of those mailboxes. Without any such record there is no file.
    /// Returns how many records it has.
    /// </summary>
    public static int Write(IFiles files, string folder, IEnumerable<string> segments, Predicate<Guid> isCarried, Guid bootId)
    {
        string path = Path.Combine(folder, FileName);
        string temporary = path + ".tmp";
        files.Unlink(temporary);
        List<JournalSegment> sources = [.. segments.Prepend(path).Select(s => JournalReader.TryOpen(files, s)).OfType<JournalSegment>().OrderBy(s => s.Number)];
        // What was written before a power loss stays so: missing files are made again from it.
        Guid boot = sources.TrueForAll(s => s.BootId == bootId) ? bootId : Guid.Empty;
        ulong sequence = 0;
        using (IFile file = files.Open(temporary, OpenKind.CreateNew)!)
        {
            file.Write(0, JournalFormat.SegmentHeader(0, 1, boot));
            long at = JournalFormat.SegmentHeaderOctets;
            var buffer = new ArrayBufferWriter<byte>(64 * 1024);
            foreach (JournalRecord record in sources.SelectMany(s => JournalReader.Records(files, s)))
            {
                List<JournalFrame> frames = [.. record.Frames.Where(f => isCarried(f.Mailbox.Guid))];
                if (frames.Count > 0)
                {
                    buffer.ResetWrittenCount();
                    Encode(files, record, frames, buffer, ++sequence);
                    file.Write(at, buffer.WrittenSpan);
                    at += buffer.WrittenCount;
                }
            }
            file.Sync();
        }
        if (sequence == 0)
        {
            files.Unlink(temporary);
            files.Unlink(path);
        }
        else
        {
            files.Rename(temporary, path);
        }
        files.SyncFolder(folder);
        return (int)sequence;
    }

    private static void Encode(IFiles files, JournalRecord record, List<JournalFrame> frames, ArrayBufferWriter<byte> buffer, ulong sequence)
    {
        JournalFormat.BeginRecord(buffer);
        foreach (JournalFrame frame in frames)
        {
            JournalFormat.AddFrame(buffer, frame.Mailbox, frame.Frame.Encode());
            foreach (string name in frame.Frame.Arrivals.Select(a => a.BaseName))
            {
                if (record.Contents.TryGetValue(name, out ContentPlace place) && JournalReader.ReadContent(files, place) is { } content)
                {
                    JournalFormat.AddContent(buffer, name, content);
                }
            }
        }
        JournalFormat.EndRecord(System.Runtime.InteropServices.MemoryMarshal.AsMemory(buffer.WrittenMemory).Span, sequence);
    }
}
