using System.Globalization;
using System.Text;

namespace MailAccess.Message.Tests;

/// <summary>Reads IMAP data strictly: a list is a List of object, a string a string, a number a long, NIL null.</summary>
internal sealed class ImapList(byte[] octets)
{
    private int _position;

    public static object? Read(ReadOnlyMemory<byte> octets)
    {
        ImapList reader = new(octets.ToArray());
        object? value = reader.ReadValue(isBody: true);
        Assert.Equal(octets.Length, reader._position);
        return value;
    }

    private byte Next => octets[_position];

    private object? ReadValue(bool isBody)
    {
        switch (Next)
        {
            case (byte)'(':
                return ReadList();
            case (byte)'"':
                return ReadQuoted();
            case (byte)'{':
                return ReadLiteral();
            case (byte)'N':
                Expect("NIL");
                return null;
            default:
                Assert.True(isBody);
                return ReadNumber();
        }
    }

    private List<object?> ReadList()
    {
        List<object?> list = [];
        Expect("(");
        while (Next != ')')
        {
            // Only lists may follow each other without a space: 1*address, 1*body.
            bool isAdjacent = list.Count > 0 && Next == '(' && octets[_position - 1] == ')';
            if (list.Count > 0 && !isAdjacent)
            {
                Expect(" ");
            }
            list.Add(ReadValue(isBody: true));
        }
        Expect(")");
        Assert.NotEmpty(list);
        return list;
    }

    private string ReadQuoted()
    {
        StringBuilder text = new();
        for (_position++; Next != '"'; _position++)
        {
            if (Next == '\\')
            {
                _position++;
                Assert.True(Next is (byte)'"' or (byte)'\\');
            }
            Assert.InRange(Next, 1, 127);
            Assert.True(Next is not ((byte)'\r' or (byte)'\n'));
            text.Append((char)Next);
        }
        _position++;
        return text.ToString();
    }

    private string ReadLiteral()
    {
        Expect("{");
        int length = (int)ReadNumber();
        Expect("}\r\n");
        string text = Encoding.Latin1.GetString(octets, _position, length);
        _position += length;
        Assert.DoesNotContain('\0', text);
        return text;
    }

    private long ReadNumber()
    {
        int start = _position;
        while (char.IsAsciiDigit((char)Next))
        {
            _position++;
        }
        return long.Parse(Encoding.ASCII.GetString(octets, start, _position - start), CultureInfo.InvariantCulture);
    }

    private void Expect(string text)
    {
        Assert.Equal(text, Encoding.Latin1.GetString(octets, _position, Math.Min(text.Length, octets.Length - _position)));
        _position += text.Length;
    }
}
