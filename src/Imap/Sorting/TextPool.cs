using System.Buffers;
using System.Numerics;
using MailAccess.Message;

namespace MailAccess.Imap.Sorting;

/// <summary>The texts of a pool at one moment, by the numbers they have.</summary>
internal readonly struct PooledTexts(byte[] octets, int[] starts)
{
    /// <summary>The collation key of a text.</summary>
    public ReadOnlySpan<byte> this[int text] => octets.AsSpan(starts[text], starts[text + 1] - starts[text]);
}

/// <summary>Collation keys of texts, each kept once: equal texts have equal numbers. Grows only; the empty text is 0.</summary>
internal sealed class TextPool
{
    private readonly ArrayBufferWriter<byte> _scratch = new();
    private byte[] _octets = new byte[256];
    private int[] _starts = new int[16];
    private int[] _slots = new int[32];
    private int _count;

    public TextPool() => Add([]);

    /// <summary>Octets of memory in use.</summary>
    public long Octets => _octets.Length + (sizeof(int) * ((long)_starts.Length + _slots.Length));

    /// <summary>What there is now; later additions do not change it.</summary>
    public PooledTexts Texts => new(_octets, _starts);

    /// <summary>The number of a text's collation key.</summary>
    /// <param name="utf8">As it was written.</param>
    public int Add(ReadOnlySpan<byte> utf8)
    {
        _scratch.ResetWrittenCount();
        CollationKey.Write(utf8, _scratch);
        ReadOnlySpan<byte> key = _scratch.WrittenSpan;
        ref int slot = ref SlotOf(key);
        if (slot == 0)
        {
            slot = Append(key) + 1;
        }
        int text = slot - 1;
        if (_count * 2 > _slots.Length)
        {
            Rehash();
        }
        return text;
    }

    private int Append(ReadOnlySpan<byte> key)
    {
        int start = _starts[_count];
        if (start + key.Length > _octets.Length)
        {
            Array.Resize(ref _octets, (int)BitOperations.RoundUpToPowerOf2((uint)(start + key.Length)));
        }
        if (_count + 2 > _starts.Length)
        {
            Array.Resize(ref _starts, _starts.Length * 2);
        }
        key.CopyTo(_octets.AsSpan(start));
        _starts[_count + 1] = start + key.Length;
        return _count++;
    }

    /// <summary>Where the key's number plus one is, or 0 where it will be.</summary>
    private ref int SlotOf(ReadOnlySpan<byte> key)
    {
        int mask = _slots.Length - 1;
        int at = HashOf(key) & mask;
        while (_slots[at] != 0 && !Texts[_slots[at] - 1].SequenceEqual(key))
        {
            at = (at + 1) & mask;
        }
        return ref _slots[at];
    }

    private void Rehash()
    {
        _slots = new int[_slots.Length * 2];
        for (int text = 0; text < _count; text++)
        {
            SlotOf(Texts[text]) = text + 1;
        }
    }

    /// <summary>Differs from process to process, so that nobody can send mail that makes it slow.</summary>
    private static int HashOf(ReadOnlySpan<byte> key)
    {
        HashCode hash = new();
        hash.AddBytes(key);
        return hash.ToHashCode();
    }
}
