using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Store.Metadata;

namespace MailAccess.Imap.Commands;

/// <summary>GETMETADATA — RFC 5464 §4.2.</summary>
internal static class GetMetadataCommand
{
    public static readonly ImapCommand Definition =
        new("GETMETADATA", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync) { Capability = "METADATA" };

    private sealed class Options
    {
        public uint? ValueOctetsMax { get; set; }

        public int Depth { get; set; }

        public bool HasDepth { get; set; }
    }

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries     RFC 5464 §5.
        // The RFC's own examples have the options behind the mailbox: both are taken.
        Options options = new();
        if (!(arguments.TrySpace() && TryOptions(arguments, options) && MetadataArguments.TryTarget(arguments, out MailboxName? name, out bool isServer)
              && arguments.TrySpace() && TryOptionsBehind(arguments, options) && TryEntries(arguments, out List<string> entries) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (session.Account is not IUserAccount account)
        {
            return ImapCompletion.Bad("no annotations on this server");
        }
        if (name is null && !isServer)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<IReadOnlyList<Annotation>> read = await account.GetAnnotationsAsync(name, CancellationToken.None);
        if (!read.TryGet(out IReadOnlyList<Annotation>? all))
        {
            return ImapErrors.ToCompletion(read.Error);
        }
        List<Annotation> wanted = [.. all.Where(a => entries.Exists(e => Matches(a.Entry, e, options.Depth)))];
        // §4.2.1: the size of the biggest value that was held back.
        List<Annotation> tooLong = [.. wanted.Where(a => a.Value!.Value.Length > (options.ValueOctetsMax ?? uint.MaxValue))];
        Write(session.Writer, name, [.. wanted.Except(tooLong)]);
        return tooLong.Count == 0 ? ImapCompletion.Ok("those are the annotations")
            : ImapCompletion.Ok($"METADATA LONGENTRIES {tooLong.Max(a => a.Value!.Value.Length)}", "some are longer");
    }

    /// <summary>entry = astring — §5.</summary>
    public static void WriteEntry(ImapWriter writer, string entry)
    {
        if (entry.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '.' or '_'))
        {
            writer.Write(entry);
        }
        else
        {
            writer.WriteString(Encoding.ASCII.GetBytes(entry));
        }
    }

    private static void Write(ImapWriter writer, MailboxName? name, List<Annotation> annotations)
    {
        if (annotations.Count == 0)
        {
            return; // entry-values cannot be empty, §5.
        }
        writer.Write("* METADATA "u8);
        if (name is null)
        {
            writer.Write("\"\""u8);
        }
        else
        {
            writer.WriteMailbox(name);
        }
        string separator = " (";
        foreach (Annotation annotation in annotations)
        {
            writer.Write(separator);
            WriteEntry(writer, annotation.Entry);
            writer.Write(" "u8);
            ReadOnlySpan<byte> value = annotation.Value!.Value.Span;
            writer.Write(value.Contains((byte)0) ? "~"u8 : ""u8); // literal8: a literal must not hold NUL.
            writer.WriteString(value);
            separator = " ";
        }
        writer.Write(")\r\n"u8);
    }

    private static bool Matches(string entry, string wanted, int depth)
    {
        if (entry == wanted)
        {
            return true;
        }
        return depth > 0 && entry.StartsWith(wanted + "/", StringComparison.Ordinal)
            && (depth > 1 || entry.IndexOf('/', wanted.Length + 1) < 0);
    }

    private static bool TryOptions(ImapArguments arguments, Options options) =>
        arguments.Next != (byte)'(' || (TryOptionList(arguments, options) && arguments.TrySpace());

    /// <summary>An opening parenthesis here begins options or entries; entries begin with a slash.</summary>
    private static bool TryOptionsBehind(ImapArguments arguments, Options options)
    {
        int start = arguments.Position;
        bool areOptions = arguments.TryWord("(MAXSIZE"u8) || arguments.TryWord("(DEPTH"u8);
        arguments.Position = start;
        return !areOptions || TryOptions(arguments, options);
    }

    private static bool TryOptionList(ImapArguments arguments, Options options)
    {
        string separator = "(";
        do
        {
            if (!arguments.TryChar((byte)separator[0], "an option"))
            {
                return false;
            }
            separator = " ";
            if (arguments.TryWord("MAXSIZE "u8) && options.ValueOctetsMax is null)
            {
                if (!arguments.TryNumber(out uint octets))
                {
                    return false;
                }
                options.ValueOctetsMax = octets;
            }
            else if (arguments.TryWord("DEPTH "u8) && !options.HasDepth)
            {
                // scope-opt = "DEPTH" SP ("0" / "1" / "infinity")     RFC 5464 §5
                options.HasDepth = true;
                options.Depth = arguments.TryWord("infinity"u8) ? int.MaxValue : arguments.TryWord("0"u8) ? 0 : arguments.TryWord("1"u8) ? 1 : -1;
                if (options.Depth < 0)
                {
                    return arguments.Missing("a depth of 0, 1 or infinity");
                }
            }
            else
            {
                return arguments.Missing("each of MAXSIZE and DEPTH at most once");
            }
        }
        while (arguments.Next == (byte)' ');
        return arguments.TryChar((byte)')', "an option or )");
    }

    /// <summary>entries = entry / "(" entry *(SP entry) ")" — RFC 5464 §5; its examples have several without parentheses.</summary>
    private static bool TryEntries(ImapArguments arguments, out List<string> entries)
    {
        entries = [];
        bool isList = arguments.Next == (byte)'(' && arguments.TryChar((byte)'(', "(");
        do
        {
            if (!MetadataArguments.TryEntry(arguments, out string entry))
            {
                return false;
            }
            entries.Add(entry);
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        return !isList || arguments.TryChar((byte)')', "an entry or )");
    }
}
