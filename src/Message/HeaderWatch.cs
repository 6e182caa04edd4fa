using System.Text;

namespace MailAccess.Message;

/// <summary>Looks at a message that flows by for octets above 127 in its own header; those of its parts do not matter.</summary>
public sealed class HeaderWatch
{
    private bool _isLineEmpty = true;

    /// <summary>The header has ended.</summary>
    public bool IsOver { get; private set; }

    /// <summary>There was one.</summary>
    public bool HasEightBit { get; private set; }

    /// <summary>The next octets, in pieces of any size.</summary>
    public void Feed(ReadOnlySpan<byte> octets)
    {
        while (!IsOver && !octets.IsEmpty)
        {
            int lineFeed = octets.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = lineFeed < 0 ? octets : octets[..lineFeed];
            octets = octets[(line.Length + (lineFeed < 0 ? 0 : 1))..];
            HasEightBit |= !Ascii.IsValid(line);
            _isLineEmpty &= line.IsEmpty || line is [(byte)'\r'];
            IsOver = lineFeed >= 0 && _isLineEmpty;
            _isLineEmpty |= lineFeed >= 0;
        }
    }
}
