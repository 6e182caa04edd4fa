using MailAccess.Message;
using MailAccess.Message.Searching;
using MailAccess.Store.Files;
using MailAccess.Store.Maildir;

namespace MailAccess.Store.Search;

/// <summary>What <see cref="SearchScratch"/> or a format could do with a message.</summary>
internal enum SearchRead
{
    /// <summary>It lies in memory.</summary>
    Whole,
    /// <summary>It is not there any more.</summary>
    Gone,
    /// <summary>It is too big, or the format cannot read without waiting: open it as everybody does.</summary>
    MustOpen,
}

/// <summary>Memory for one message after another, kept while a search or the making of a filter goes on. Not for concurrent use.</summary>
internal sealed class SearchScratch
{
    private byte[] _read = [];
    private byte[] _converted = [];

    /// <summary>The message as it lies.</summary>
    public ReadOnlyMemory<byte> Octets { get; private set; }

    /// <summary>Its lines end in LF.</summary>
    public bool HasBareLf { get; private set; }

    /// <summary>Takes a message that lies in memory already.</summary>
    public SearchRead Take(ReadOnlyMemory<byte> octets)
    {
        Octets = octets;
        HasBareLf = false;
        return SearchRead.Whole;
    }

    /// <summary>Begins a message that comes in pieces, with CRLF.</summary>
    public void Clear()
    {
        Octets = default;
        HasBareLf = false;
    }

    /// <summary>The next piece.</summary>
    public void Add(ReadOnlySpan<byte> piece)
    {
        int filled = Octets.Length;
        if (_read.Length < filled + piece.Length)
        {
            Array.Resize(ref _read, Math.Max(filled + piece.Length, Math.Max(4096, 2 * _read.Length)));
        }
        piece.CopyTo(_read.AsSpan(filled));
        Octets = _read.AsMemory(0, filled + piece.Length);
    }

    /// <summary>Reads a whole file. On a worker.</summary>
    public SearchRead Read(IFile file, bool hasBareLf, int octetsMax)
    {
        long octets = file.Octets;
        if (octets > octetsMax)
        {
            return SearchRead.MustOpen;
        }
        Span<byte> room = Room(ref _read, (int)octets);
        int filled = 0;
        int count;
        while (filled < room.Length && (count = file.Read(filled, room[filled..])) > 0)
        {
            filled += count;
        }
        Octets = _read.AsMemory(0, filled);
        HasBareLf = hasBareLf;
        return SearchRead.Whole;
    }

    /// <summary>The structure by the summary, or by reading the message through.</summary>
    public MimePart StructureBy(in MessageSummary summary)
    {
        if (summary.IsValid && summary.Structure is { } known)
        {
            return known;
        }
        ConvertToCrlf();
        MessageParser parser = new();
        parser.Feed(Octets.Span);
        return parser.Finish();
    }

    /// <summary>Makes LF to CRLF where the message cannot be searched as it lies.</summary>
    public void PrepareFor(MimePart root, IReadOnlyList<TextTerm> terms)
    {
        if (HasBareLf && !MessageTextSearch.CanSearchBareLf(Octets.Span, root, terms))
        {
            ConvertToCrlf();
        }
    }

    private void ConvertToCrlf()
    {
        if (!HasBareLf)
        {
            return;
        }
        int octets = Octets.Length + Octets.Span.Count((byte)'\n');
        bool afterCr = false;
        LineEnds.ToCrlf(Octets.Span, Room(ref _converted, octets), ref afterCr, out _, out int written);
        Octets = _converted.AsMemory(0, written);
        HasBareLf = false;
    }

    private static Span<byte> Room(ref byte[] buffer, int octets)
    {
        if (buffer.Length < octets)
        {
            buffer = GC.AllocateUninitializedArray<byte>(Math.Max(octets, Math.Min(2 * buffer.Length, 1 << 20)));
        }
        return buffer.AsSpan(0, octets);
    }
}
