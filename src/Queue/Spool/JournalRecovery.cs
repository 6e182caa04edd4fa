using System.Buffers;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>Turns what earlier processes left in the journal into files, then deletes the segments, oldest first. May be cut off anywhere and done again.</summary>
internal static class JournalRecovery
{
    private const int FilesAtOnce = 16;
    private const string DamagedSuffix = ".damaged";

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

    /// <summary>For whoever only looks, while nobody or another process owns the journal: changes nothing; what goes meanwhile is passed over.</summary>
    public static IReadOnlyDictionary<SpoolId, (SpoolMessage Message, byte[] Content)> Peek(ISpoolFiles disk)
    {
        Dictionary<SpoolId, Found> live = [];
        foreach ((long number, string name) in Segments(disk, long.MaxValue))
        {
            try
            {
                byte[] octets = ReadAll(disk, name);
                if (JournalRecord.IsSegment(octets, number))
                {
                    ReadSegment(null, name, octets, number, live, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
                }
            }
            catch (FileNotFoundException)
            {
                // A server has started and moved what it held into files.
            }
        }
        Dictionary<SpoolId, (SpoolMessage, byte[])> messages = [];
        foreach ((SpoolId id, Found found) in live)
        {
            if (SpoolCodec.TryRead(found.Control.WrittenSpan, out SpoolMessage? message) == ControlState.Whole)
            {
                messages[id] = (message!, found.Content);
            }
        }
        return messages;
    }

    private static List<(long Number, string Name)> Segments(ISpoolFiles disk, long firstOwn)
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
        return segments;
    }

    private static List<string> Read(ISpoolFiles disk, long firstOwn, Dictionary<SpoolId, Found> live, ILogger logger)
    {
        List<string> done = [];
        foreach ((long number, string name) in Segments(disk, firstOwn))
        {
            byte[] octets = ReadAll(disk, name);
            if (JournalRecord.IsSegment(octets, number))
            {
                ReadSegment(disk, name, octets, number, live, logger);
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
    /// A record that is not whole ends the segment, as one does that was being written when the power went, which nobody was promised.
    /// Where whole ones follow it the medium is damaged: they count, and the damaged octets are put aside for somebody to look at.
    /// </summary>
    private static void ReadSegment(ISpoolFiles? aside, string name, ReadOnlySpan<byte> octets, long number, Dictionary<SpoolId, Found> live, ILogger logger)
    {
        octets = octets[JournalRecord.SegmentHeaderOctets..];
        for (int place = 0; !octets.IsEmpty; place++)
        {
            int length = JournalRecord.Read(octets, number, place, out JournalRecordKind kind, out SpoolId id, out ReadOnlySpan<byte> payload);
            if (length > 0)
            {
                Apply(kind, id, payload, live);
                octets = octets[length..];
                continue;
            }
            int next = JournalRecord.FindNext(octets, number, place, out int nextPlace);
            if (next < 0)
            {
                return;
            }
            if (aside is not null)
            {
                KeepAside(aside, $"{name}.{place}{DamagedSuffix}", octets[..next], logger);
            }
            octets = octets[next..];
            place = nextPlace - 1;
        }
    }

    private static void Apply(JournalRecordKind kind, SpoolId id, ReadOnlySpan<byte> payload, Dictionary<SpoolId, Found> live)
    {
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

    private static void KeepAside(ISpoolFiles disk, string name, ReadOnlySpan<byte> octets, ILogger logger)
    {
        disk.Delete(name); // Of a recovery that was cut off.
        using ISpoolFile file = disk.Create(name);
        file.Append(octets);
        file.Sync();
        disk.SyncFolder();
        Log.RecordDamaged(logger, octets.Length, name);
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
