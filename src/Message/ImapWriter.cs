using System.Buffers;
using System.Buffers.Text;

namespace MailAccess.Message;

/// <summary>Writes IMAP data: strings as quoted or literal, numbers, NIL. RFC 9051 §4.3, §9.</summary>
internal sealed class ImapWriter(MessageLimits limits)
{
    private readonly ArrayBufferWriter<byte> _output = new(512);

    public byte[] ToArray() => _output.WrittenSpan.ToArray();

    /// <summary>Syntax as it stands.</summary>
    public void Raw(ReadOnlySpan<byte> syntax) => _output.Write(syntax);

    public void Number(long number)
    {
        Span<byte> digits = _output.GetSpan(20);
        Utf8Formatter.TryFormat(number, digits, out int length);
        _output.Advance(length);
    }

    /// <summary>nstring.</summary>
    public void NString(byte[]? value)
    {
        if (value is null)
        {
            Raw("NIL"u8);
        }
        else
        {
            String(value);
        }
    }

    /// <summary>
    /// string: quoted holds TEXT-CHAR only; octets above 127 go out as a literal, which clients without UTF8=ACCEPT survive
    /// (RFC 9051 §4.3). NUL may not be sent in either (CHAR8 = %x01-ff); a question mark stands for it. CR and LF, which unfolding leaves
    /// only where they are broken line ends (RFC 5322 §4), become spaces: nobody expects a second line here.
    /// </summary>
    public void String(ReadOnlySpan<byte> value)
    {
        if (value.ContainsAny((byte)0, (byte)'\r', (byte)'\n'))
        {
            byte[] copy = value.ToArray();
            copy.AsSpan().Replace((byte)0, (byte)'?');
            copy.AsSpan().Replace((byte)'\r', (byte)' ');
            copy.AsSpan().Replace((byte)'\n', (byte)' ');
            value = copy;
        }
        if (value.Length <= limits.QuotedOctetsMax && !value.ContainsAnyExceptInRange((byte)1, (byte)127))
        {
            Quoted(value);
        }
        else
        {
            Raw("{"u8);
            Number(value.Length);
            Raw("}\r\n"u8);
            Raw(value);
        }
    }

    private void Quoted(ReadOnlySpan<byte> value)
    {
        Raw("\""u8);
        while (value.IndexOfAny((byte)'"', (byte)'\\') is int special and >= 0)
        {
            Raw(value[..special]);
            Raw("\\"u8);
            Raw(value.Slice(special, 1));
            value = value[(special + 1)..];
        }
        Raw(value);
        Raw("\""u8);
    }
}
