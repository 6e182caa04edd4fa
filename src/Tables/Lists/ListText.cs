using System.Text;
using MailAccess.Tables.Text;

namespace MailAccess.Tables.Lists;

/// <summary>Reads lists: names, <c>/file</c>, <c>type:table</c>, each with <c>!</c> before it, between commas and white space.</summary>
/// <param name="openTable">Opens a <c>type:table</c>.</param>
/// <param name="openFile">Opens a <c>/file</c>.</param>
internal sealed class ListText(ListText.TableSource openTable, ListText.FileSource openFile)
{
    public delegate ILookUpTable? TableSource(string specification, out string? error);

    public delegate IListPart? FileSource(string path, bool negated, out string? error);

    /// <summary>Of a file: a number sign begins a comment wherever it stands.</summary>
    public IReadOnlyList<IListPart>? ParseFile(string source, byte[] octets, TableReport report)
    {
        List<IListPart> parts = [];
        int number = 0;
        foreach (ReadOnlySpan<byte> line in new Lines(octets.AsSpan().StartsWith("\uFEFF"u8) ? octets.AsSpan(3) : octets))
        {
            number++;
            ReadOnlySpan<byte> text = line.IndexOf((byte)'#') is int comment and >= 0 ? line[..comment] : line;
            if (text.Contains((byte)0) || !System.Text.Unicode.Utf8.IsValid(text))
            {
                report.Fail(number, text.Contains((byte)0) ? "holds a NUL: this is no text" : "is not UTF-8");
                return null;
            }
            if (Add(parts, source, Encoding.UTF8.GetString(text), number, report) is { } error)
            {
                report.Fail(number, error);
                return null;
            }
        }
        return parts;
    }

    /// <summary>Of a specification, which has no lines.</summary>
    public IReadOnlyList<IListPart>? ParseSpecification(string specification, out string? error)
    {
        List<IListPart> parts = [];
        error = Add(parts, specification, specification, 0, new TableReport());
        return error is null ? parts : null;
    }

    private string? Add(List<IListPart> parts, string source, string text, int line, TableReport report)
    {
        foreach (string item in Braces.Split(text))
        {
            bool negated = item.StartsWith('!');
            string name = item.TrimStart('!');
            string? error = null;
            if (name.Length == 0)
            {
                return "a ! stands before nothing";
            }
            if (name[0] == '/')
            {
                if (openFile(name, negated, out error) is { } file)
                {
                    parts.Add(file);
                }
            }
            else if (TableSpecification.HasType(name))
            {
                if (openTable(name, out error) is { } table)
                {
                    parts.Add(new TablePart(table, negated));
                }
            }
            else
            {
                if (parts is not [.., NamesPart names])
                {
                    parts.Add(names = new NamesPart(source));
                }
                names.Add(name, negated, line, report);
            }
            if (error is not null)
            {
                return error;
            }
        }
        return null;
    }

    /// <summary>The lines of a text; what ends a line may be CRLF.</summary>
    private ref struct Lines(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;
        private bool _ended = rest.IsEmpty;

        public ReadOnlySpan<byte> Current { get; private set; }

        public readonly Lines GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_ended)
            {
                return false;
            }
            int end = _rest.IndexOf((byte)'\n');
            Current = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? default : _rest[(end + 1)..];
            _ended = end < 0;
            return true;
        }
    }
}
