using System.Buffers;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>Turns what earlier processes left in the journal into files, then deletes the segments, oldest first. May be cut off anywhere and done again.</summary>
internal static class JournalRecovery
{
    private const int FilesAtOnce = 16;
    private const string RestSuffix = ".rest";

    public static async Task RunAsync(ISpoolFiles disk, FileSpool files, IoThreads threads, long firstOwn, ILogger logger)
    {
        Dictionary<SpoolId, Found> live = [];
        List<string> done = await threads.RunAsync(() => Read(disk, firstOwn, live, logger));
        if (done.Count == 0)
        {
            return;
        }
        HashSet<string> stray = await threads.RunAsync(() => disk.List().ToHashSet(StringComparer.Ordinal));
        await Parallel.ForEachAsync(live, new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce }, async (pair, _) =>
        {
            (SpoolId id, Found found) = pair;
            if (FileSpool.NamesOf(id).Any(stray.Contains))
            {
                await files.RemoveAsync(id); // Files of a move that was cut off; the journal has the whole message.
            }
            if (SpoolCodec.TryRead(found.Control.WrittenSpan, out SpoolMessage? message) != ControlState.Whole)
            {
                throw new IOException($"the journal holds a message {id} that cannot be read"); // Of another version: not ours to throw away.
            }
            await files.AddAsync(message!, new OctetContent(found.Content), CancellationToken.None);
        });
        await threads.RunAsync(() =>
        {
            foreach (string name in done)
            {
                disk.Delete(name);
                disk.SyncFolder(); // One by one: a later segment tells what became of the messages of an earlier one.
            }
        });
    }

    private static List<string> Read(ISpoolFiles disk, long firstOwn, Dictionary<SpoolId, Found> live, ILogger logger)
    {
        List<(long Number, string Name)> segments = [];
        foreach (string name in disk.List())
        {
            if (SpoolJournal.TryParse(name, out long number) && number < firstOwn)
            {
                segments.Add((number, name));
            }
        }
        segments.Sort();
        List<string> done = [];
        foreach ((long number, string name) in segments)
        {
            byte[] octets = ReadAll(disk, name);
            if (JournalRecord.IsSegment(octets, number))
            {
                KeepRest(disk, name, octets.AsSpan(ReadSegment(octets, number, live)), logger);
            }
            else if (octets.AsSpan(Math.Min(octets.Length, JournalRecord.SegmentHeaderOctets)).ContainsAnyExcept((byte)0))
            {
                Log.SegmentDamaged(logger, name); // Never thrown away: it may hold somebody's mail.
                continue;
            }
            done.Add(name);
        }
        return done;
    }

    /// <summary>
    /// What follows the last whole record is nothing, or a record that was being written when the power went, which nobody was promised;
    /// or the medium is damaged and mail stands behind it. The two look alike, so it is put aside for somebody to look at.
    /// </summary>
    private static void KeepRest(ISpoolFiles disk, string name, ReadOnlySpan<byte> rest, ILogger logger)
    {
        int end = rest.LastIndexOfAnyExcept((byte)0) + 1;
        if (end == 0)
        {
            return;
        }
        string aside = name + RestSuffix;
        disk.Delete(aside); // Of a recovery that was cut off.
        using ISpoolFile file = disk.Create(aside);
        file.Append(rest[..end]);
        file.Sync();
        disk.SyncFolder();
        Log.SegmentCutShort(logger, name, end, aside);
    }

    /// <summary>Gives where the last whole record ends.</summary>
    private static int ReadSegment(ReadOnlySpan<byte> segment, long number, Dictionary<SpoolId, Found> live)
    {
        ReadOnlySpan<byte> octets = segment[JournalRecord.SegmentHeaderOctets..];
        for (int place = 0; JournalRecord.Read(octets, number, place, out JournalRecordKind kind, out SpoolId id, out ReadOnlySpan<byte> payload) is int length and > 0; place++)
        {
            octets = octets[length..];
            switch (kind)
            {
                case JournalRecordKind.Add:
                    JournalRecord.Split(payload, out ReadOnlySpan<byte> control, out ReadOnlySpan<byte> content);
                    live[id] = new Found(content.ToArray());
                    live[id].Control.Write(control);
                    break;
                case JournalRecordKind.Update when live.TryGetValue(id, out Found? found):
                    found.Control.Write(payload);
                    break;
                case JournalRecordKind.Remove:
                    live.Remove(id);
                    break;
            }
        }
        return segment.Length - octets.Length;
    }

    private static byte[] ReadAll(ISpoolFiles disk, string name)
    {
        using ISpoolFile file = disk.Open(name);
        byte[] octets = new byte[file.Octets];
        int length = 0;
        while (length < octets.Length && file.Read(length, octets.AsSpan(length)) is int read and > 0)
        {
            length += read;
        }
        return octets;
    }

    private sealed class Found(byte[] content)
    {
        public byte[] Content { get; } = content;

        public ArrayBufferWriter<byte> Control { get; } = new();
    }
}
