using System.Numerics;
using MailAccess.Message.Folding;

namespace MailAccess.Message.Searching;

/// <summary>
/// Which sequences of three characters a message's text has, as it is compared, in a table of bits: where a bit of a string is
/// missing, the string is not in the message. Never the other way round: more than one sequence may share a bit.
/// </summary>
/// <remarks>
/// Made from header and text parts alike, so it answers for every kind of term. A table is a power of two of octets, as small as
/// a quarter of its bits set allows.
/// </remarks>
public sealed class TrigramSignature : ITextSink
{
    /// <summary>Octets of the largest table.</summary>
    public const int OctetsMax = 1 << 14;

    /// <summary>Octets of the smallest one.</summary>
    public const int OctetsMin = 1 << 3;

    private const int HashBits = 17;

    private readonly ulong[] _bits = new ulong[OctetsMax / sizeof(ulong)];
    private readonly FoldedText _window = new();
    private readonly PartText _part = new();
    private int _done;

    /// <summary>The signature of a message that lies in memory; valid until the next one.</summary>
    public ReadOnlySpan<ulong> Make(ReadOnlySpan<byte> octets, bool hasBareLf, MimePart root)
    {
        Array.Clear(_bits);
        MessageOctets message = new(octets, hasBareLf);
        WriteHeader(message.Slice(root.HeaderOffset, root.HeaderOctets));
        WriteBody(ref message, root);
        return Shrink();
    }

    /// <summary>The places that a text must have set to contain the string; none where it is too short to say.</summary>
    public static int[] PlacesOf(TextNeedle needle)
    {
        HashSet<int> places = [];
        ReadOnlySpan<char> text = needle.Folded;
        for (int i = 0; i + 3 <= text.Length; i++)
        {
            if (!text.Slice(i, 3).ContainsAny('\r', '\n')) // Line ends are not the same everywhere.
            {
                places.Add(PlaceOf(text[i], text[i + 1], text[i + 2]));
            }
        }
        return [.. places];
    }

    /// <summary>False: the text of this signature has not all of these.</summary>
    public static bool MayContain(ReadOnlySpan<byte> signature, ReadOnlySpan<int> places)
    {
        int mask = (signature.Length << 3) - 1;
        foreach (int place in places)
        {
            int bit = place & mask;
            if ((signature[bit >> 3] & (1 << (bit & 7))) == 0)
            {
                return false;
            }
        }
        return true;
    }

    bool ITextSink.Write(ReadOnlySpan<char> text)
    {
        _window.Append(text);
        Add(_window.SettledText);
        _done -= _window.KeepTail(2);
        return true;
    }

    void ITextSink.EndOfText()
    {
        _window.Finish();
        Add(_window.Text);
        _window.Clear();
        _done = 0;
    }

    private void WriteHeader(ReadOnlySpan<byte> header)
    {
        ITextSink sink = this;
        HeaderReader reader = new(header);
        while (reader.TryRead(out HeaderField field))
        {
            sink.Write(System.Text.Encoding.ASCII.GetString(field.Name) + ": " + field.Decode());
            sink.EndOfText();
        }
    }

    private void WriteBody(ref MessageOctets message, MimePart part)
    {
        if (part.IsReadable)
        {
            _part.Write(_part.Decode(message.Slice(part.BodyOffset, part.BodyOctets), part.TransferEncoding), part, this);
        }
        foreach (MimePart child in part.Parts)
        {
            WriteHeader(message.Slice(child.HeaderOffset, child.HeaderOctets));
            WriteBody(ref message, child);
        }
    }

    private void Add(ReadOnlySpan<char> text)
    {
        for (; _done + 3 <= text.Length; _done++)
        {
            int place = PlaceOf(text[_done], text[_done + 1], text[_done + 2]);
            _bits[place >> 6] |= 1UL << place;
        }
    }

    private static int PlaceOf(char first, char second, char third) =>
        (int)(((first * 0x9E37_79B1u) + (second * 0x85EB_CA77u) + (third * 0xC2B2_AE3Du)) >> (32 - HashBits));

    /// <summary>Lays the upper half over the lower one as long as a quarter of the bits is enough.</summary>
    private ReadOnlySpan<ulong> Shrink()
    {
        int words = _bits.Length;
        while (words > OctetsMin / sizeof(ulong))
        {
            int half = words / 2;
            int set = 0;
            for (int i = 0; i < half; i++)
            {
                set += BitOperations.PopCount(_bits[i] | _bits[half + i]);
            }
            if (set > half * 64 / 4)
            {
                break;
            }
            for (int i = 0; i < half; i++)
            {
                _bits[i] |= _bits[half + i];
            }
            words = half;
        }
        return _bits.AsSpan(0, words);
    }
}
