using System.Buffers.Binary;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Mbox;

/// <summary>Octets of a file that shall be replaced by others.</summary>
internal readonly record struct SpoolEdit(long From, long To, byte[] Replacement);

/// <summary>
/// Changes the middle of a file in place, so that a crash at any moment loses nothing: the file keeps its inode, for which other programs may wait.
/// The new end of the file is first written whole to <c>mbox.rewrite</c> beside the index; from then on whoever finds that finishes the work.
/// </summary>
/// <remarks>
/// States, by the phase in that file (README.md says the same as a table). Growing files only: 1, the end is written; the file is then made longer.
/// 2: the new end may be copied over the old one; the file is never shorter than before. 3: it is copied and durable; what is too long is cut.
/// Other programs only append to a file that they find after a crash, so that everything behind the length that a phase implies is new mail, and stays.
/// Header of 64 octets, little-endian: magic u32, CRC-32C u32 of the rest of it, phase i64, start i64, old length i64, new length i64, CRC-32C u32 of the new end,
/// CRC-32C u32 of what will be cut, step's octets i64; then the new end, then the step for the log.
/// </remarks>
internal sealed class SpoolRewrite(IFiles files, string folder)
{
    public const string FileName = "mbox.rewrite";

    private const uint Magic = 0x5257_414D; // "MAWR"
    private const int HeaderOctets = 64;
    private const int BufferOctets = 256 * 1024;

    private readonly string _path = Path.Combine(folder, FileName);
    private readonly byte[] _buffer = new byte[BufferOctets];

    private readonly record struct Job(long Phase, long Start, long OldOctets, long NewOctets, uint TailCrc, uint CutCrc, long StepOctets)
    {
        public long TailOctets => NewOctets - Start;
    }

    /// <summary>Ascending edits that do not overlap. The step is given back where a crash left it to recovery.</summary>
    public void Run(IFile spool, IReadOnlyList<SpoolEdit> edits, byte[] step, Action touch)
    {
        long old = spool.Octets;
        long start = edits[0].From;
        long grown = edits.Sum(e => e.Replacement.Length - (e.To - e.From));
        files.Unlink(_path);
        using IFile side = files.Open(_path, OpenKind.CreateNew)!;
        uint tailCrc = WriteTail(spool, side, edits, old, touch);
        side.Write(HeaderOctets + (old + grown - start), step);
        uint cut = grown < 0 ? CrcOf(spool, old + grown, old) : 0;
        Job job = new(grown > 0 ? 1 : 2, start, old, old + grown, tailCrc, cut, step.Length);
        WriteHeader(side, job);
        side.Sync();
        files.SyncFolder(folder);
        Finish(spool, side, job, touch);
    }

    /// <summary>
    /// After the step is in the log. Durable at the end: a file that a power loss brought back would have its step taken again, over all steps since.
    /// </summary>
    public void Forget()
    {
        files.Unlink(_path);
        files.SyncFolder(folder);
    }

    /// <summary>Nothing was changed: a failed attempt's file must not be taken for work to do.</summary>
    public static bool HasBegun(IFiles files, string folder)
    {
        using IFile? side = files.Open(Path.Combine(folder, FileName), OpenKind.Read);
        return side is not null && TryReadHeader(side, out _);
    }

    /// <summary>Finishes what an earlier process began. Null: there was nothing, or nothing had happened yet; else the step for the log.</summary>
    public byte[]? Recover(IFile? spool, Action touch, Action<string> say)
    {
        byte[]? step = null;
        using (IFile? side = files.Open(_path, OpenKind.Read))
        {
            if (side is null)
            {
                return null;
            }
        }
        using (IFile side = files.Open(_path, OpenKind.Write)!)
        {
            if (spool is not null && TryReadHeader(side, out Job job) && side.Octets >= HeaderOctets + job.TailOctets + job.StepOctets
                && CrcOf(side, HeaderOctets, HeaderOctets + job.TailOctets) == job.TailCrc)
            {
                step = Continue(spool, side, job, touch);
                say(step is null ? "given up before anything was changed" : "finished");
            }
        }
        if (step is null)
        {
            Forget();
        }
        return step;
    }

    private byte[]? Continue(IFile spool, IFile side, Job job, Action touch)
    {
        long now = spool.Octets;
        if (job.Phase == 1)
        {
            if (now > job.OldOctets && !IsZero(spool, job.OldOctets, Math.Min(now, job.NewOctets)))
            {
                return null; // Never made longer: that is new mail.
            }
            job = job with { Phase = 2 };
            if (now < job.NewOctets)
            {
                if (now < job.OldOctets)
                {
                    return null; // Somebody else made it shorter; what we had in mind does not fit it.
                }
                spool.Truncate(job.NewOctets);
                spool.Sync();
            }
            WriteHeader(side, job);
            side.Sync();
        }
        else if (now < Math.Min(job.OldOctets, job.NewOctets) || (job.Phase == 2 && now < Math.Max(job.OldOctets, job.NewOctets)))
        {
            return null;
        }
        if (job.Phase == 2 && job.NewOctets < job.OldOctets && now > job.OldOctets)
        {
            return ContinueBeforeNewMail(spool, side, job, now, touch);
        }
        Finish(spool, side, job, touch);
        byte[] step = new byte[job.StepOctets];
        ReadWhole(side, HeaderOctets + job.TailOctets, step);
        return step;
    }

    /// <summary>New mail lies behind what will be cut: it becomes part of a new job's end.</summary>
    private byte[] ContinueBeforeNewMail(IFile spool, IFile side, Job job, long now, Action touch)
    {
        byte[] step = new byte[job.StepOctets];
        ReadWhole(side, HeaderOctets + job.TailOctets, step);
        string next = _path + ".next";
        files.Unlink(next);
        using (IFile larger = files.Open(next, OpenKind.CreateNew)!)
        {
            uint crc = uint.MaxValue;
            long at = HeaderOctets;
            Copy(side, HeaderOctets, HeaderOctets + job.TailOctets, larger, ref at, ref crc, touch);
            Copy(spool, job.OldOctets, now, larger, ref at, ref crc, touch);
            long octets = job.NewOctets + now - job.OldOctets;
            larger.Write(at, step);
            Job renewed = job with { OldOctets = now, NewOctets = octets, TailCrc = ~crc, CutCrc = CrcOf(spool, octets, now) };
            WriteHeader(larger, renewed);
            larger.Sync();
            files.Rename(next, _path);
            files.SyncFolder(folder);
            Finish(spool, larger, renewed, touch);
        }
        return step;
    }

    private void Finish(IFile spool, IFile side, Job job, Action touch)
    {
        if (job.Phase == 1)
        {
            spool.Truncate(job.NewOctets); // Longer, with zeros, which no mail begins with.
            spool.Sync();
            job = job with { Phase = 2 };
            WriteHeader(side, job);
            side.Sync();
        }
        if (job.Phase == 2)
        {
            long at = job.Start;
            uint crc = 0;
            Copy(side, HeaderOctets, HeaderOctets + job.TailOctets, spool, ref at, ref crc, touch);
            spool.Sync();
            job = job with { Phase = 3 };
            WriteHeader(side, job);
            side.Sync();
        }
        // From here on nothing is copied again: another program may have changed the file since.
        // Not cut yet only where what is to be cut is still there; else all behind the new length is new mail.
        if (job.NewOctets < job.OldOctets && spool.Octets >= job.OldOctets && CrcOf(spool, job.NewOctets, job.OldOctets) == job.CutCrc)
        {
            long now = spool.Octets;
            if (now > job.OldOctets)
            {
                ContinueBeforeNewMail(spool, side, job with { Phase = 2 }, now, touch);
                return;
            }
            spool.Truncate(job.NewOctets);
            spool.Sync();
        }
    }

    private uint WriteTail(IFile spool, IFile side, IReadOnlyList<SpoolEdit> edits, long end, Action touch)
    {
        uint crc = uint.MaxValue;
        long at = HeaderOctets;
        for (int i = 0; i < edits.Count; i++)
        {
            side.Write(at, edits[i].Replacement);
            crc = Crc.Continue(crc, edits[i].Replacement);
            at += edits[i].Replacement.Length;
            Copy(spool, edits[i].To, i + 1 < edits.Count ? edits[i + 1].From : end, side, ref at, ref crc, touch);
        }
        return ~crc;
    }

    private void Copy(IFile from, long start, long end, IFile to, ref long at, ref uint crc, Action touch)
    {
        while (start < end)
        {
            int count = from.Read(start, _buffer.AsSpan(0, (int)Math.Min(BufferOctets, end - start)));
            if (count == 0)
            {
                throw new FileFault("read", _path, Posix.InputOutput);
            }
            to.Write(at, _buffer.AsSpan(0, count));
            crc = Crc.Continue(crc, _buffer.AsSpan(0, count));
            start += count;
            at += count;
            touch();
        }
    }

    private uint CrcOf(IFile file, long start, long end)
    {
        uint crc = uint.MaxValue;
        while (start < end)
        {
            int count = file.Read(start, _buffer.AsSpan(0, (int)Math.Min(BufferOctets, end - start)));
            if (count == 0)
            {
                break;
            }
            crc = Crc.Continue(crc, _buffer.AsSpan(0, count));
            start += count;
        }
        return ~crc;
    }

    private bool IsZero(IFile file, long start, long end)
    {
        while (start < end)
        {
            int count = file.Read(start, _buffer.AsSpan(0, (int)Math.Min(BufferOctets, end - start)));
            if (count == 0 || _buffer.AsSpan(0, count).ContainsAnyExcept((byte)0))
            {
                return false;
            }
            start += count;
        }
        return true;
    }

    private static void ReadWhole(IFile file, long at, Span<byte> destination)
    {
        while (!destination.IsEmpty && file.Read(at, destination) is int count and > 0)
        {
            destination = destination[count..];
            at += count;
        }
    }

    private static void WriteHeader(IFile side, Job job)
    {
        byte[] header = new byte[HeaderOctets];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), job.Phase);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), job.Start);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), job.OldOctets);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(32), job.NewOctets);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(40), job.TailCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(44), job.CutCrc);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(48), job.StepOctets);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Crc.Of(header.AsSpan(8)));
        side.Write(0, header);
    }

    private static bool TryReadHeader(IFile side, out Job job)
    {
        byte[] header = new byte[HeaderOctets];
        ReadWhole(side, 0, header);
        job = new Job(
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(8)),
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16)),
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(24)),
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(32)),
            BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(40)),
            BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(44)),
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(48)));
        return BinaryPrimitives.ReadUInt32LittleEndian(header) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)) == Crc.Of(header.AsSpan(8));
    }
}
