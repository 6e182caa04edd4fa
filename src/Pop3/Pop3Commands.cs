using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Pop3.Commands;

namespace MailAccess.Pop3;

/// <summary>All commands. The table of contents of this project.</summary>
internal static class Pop3Commands
{
    private const int VerbOctetsMax = 4;

    private static readonly FrozenDictionary<string, Pop3Command> ByVerb = new[]
    {
        // AUTHORIZATION
        UserCommand.Definition, PassCommand.Definition, AuthCommand.Definition, ApopCommand.Definition, StlsCommand.Definition, Utf8Command.Definition,
        // TRANSACTION
        StatCommand.Definition, ListCommand.Definition, UidlCommand.Definition, RetrCommand.Definition, TopCommand.Definition,
        DeleCommand.Definition, RsetCommand.Definition, NoopCommand.Definition,
        // Both
        CapaCommand.Definition, LangCommand.Definition, QuitCommand.Definition,
    }.ToFrozenDictionary(c => c.Verb, StringComparer.OrdinalIgnoreCase);

    /// <summary>Keywords of other protocols that end up here: a web browser, a port scanner, a mail server.</summary>
    private static readonly FrozenSet<string> Foreign = FrozenSet.ToFrozenSet(
        ["GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "DELETE", "TRACE", "EHLO", "HELO", "SSH"],
        StringComparer.OrdinalIgnoreCase);

    public static IEnumerable<Pop3Command> All => ByVerb.Values;

    /// <summary>Keywords compare without case: RFC 1939 §3.</summary>
    public static bool TryFind(ReadOnlySpan<byte> line, [NotNullWhen(true)] out Pop3Command? command, out int argumentsStart)
    {
        int space = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> verb = space < 0 ? line : line[..space];
        argumentsStart = space < 0 ? line.Length : space + 1;
        command = null;
        if (verb.Length > VerbOctetsMax)
        {
            return false;
        }
        Span<char> text = stackalloc char[VerbOctetsMax];
        int length = Encoding.Latin1.GetChars(verb, text);
        return ByVerb.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text[..length], out command);
    }

    public static bool IsForeign(ReadOnlySpan<byte> line)
    {
        int end = line.IndexOfAny((byte)' ', (byte)'-');
        string word = Encoding.Latin1.GetString(end < 0 ? line[..Math.Min(line.Length, 8)] : line[..Math.Min(end, 8)]);
        // A TLS ClientHello begins with 0x16, where no TLS is spoken yet.
        return Foreign.Contains(word) || line is [0x16, ..];
    }
}
