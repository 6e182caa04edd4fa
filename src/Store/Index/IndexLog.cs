using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using MailAccess.Store.Files;

namespace MailAccess.Store.Index;

/// <summary>
/// <c>mailaccess.log</c>: header of 16 octets (magic, version u32, 8 zeros), then frames (<see cref="IndexFrame"/>). Read frame by frame, up to
/// the first that is torn or damaged.
/// </summary>
internal sealed class IndexLog : IDisposable
{
    public const string FileName = "mailaccess.log";
    public const int HeaderOctets = 16;

    private const uint Magic = 0x474C_414D; // "MALG"
    private const uint Version = 1;
    private const int PieceOctets = 256 * 1024;

    private readonly IFile? _file;
    private readonly long _end;
    private byte[] _piece = [];
    private int _start;
    private int _filled;
    private long _read;

    private IndexLog(IFile? file)
    {
        _file = file;
        _end = file?.Octets ?? 0;
    }

    /// <summary>Where the last whole frame ends; 0 where there is no log.</summary>
    public long WholeOctets { get; private set; }

    /// <summary>Octets behind the last whole frame.</summary>
    public long Rest => Math.Max(0, _end - Math.Max(WholeOctets, HeaderOctets));

    /// <summary>Its header is for people: each frame proves itself, and of which version all is the index says, under a checksum.</summary>
    public static IndexLog Open(IFiles files, string folder)
    {
        var log = new IndexLog(files.Open(Path.Combine(folder, FileName), OpenKind.Read));
        if (log.Fill(HeaderOctets))
        {
            log._start += HeaderOctets;
            log.WholeOctets = HeaderOctets;
        }
        return log;
    }

    public static byte[] Header()
    {
        byte[] header = new byte[HeaderOctets];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Version);
        return header;
    }

    /// <summary>The next frame; false at the end, or where the rest is torn or damaged.</summary>
    public bool TryNext([NotNullWhen(true)] out IndexFrame? frame)
    {
        frame = null;
        if (WholeOctets == 0 || !Fill(4))
        {
            return false;
        }
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(Ahead);
        if (length > _end - WholeOctets || length > Array.MaxLength || !Fill((int)length) || !IndexFrame.TryDecode(Ahead, out frame, out int octets))
        {
            return false;
        }
        _start += octets;
        WholeOctets += octets;
        return true;
    }

    public void Dispose() => _file?.Dispose();

    private ReadOnlySpan<byte> Ahead => _piece.AsSpan(_start, _filled - _start);

    /// <summary>So many octets are in the piece, from its start on.</summary>
    private bool Fill(int octets)
    {
        if (_filled - _start >= octets)
        {
            return true;
        }
        if (_file is null)
        {
            return false;
        }
        byte[] target = octets <= _piece.Length ? _piece : new byte[Math.Max(octets, PieceOctets)];
        Ahead.CopyTo(target);
        _filled -= _start;
        _start = 0;
        _piece = target;
        while (_filled < octets)
        {
            int count = _file.Read(_read, _piece.AsSpan(_filled));
            if (count == 0)
            {
                return false;
            }
            _filled += count;
            _read += count;
        }
        return true;
    }
}
