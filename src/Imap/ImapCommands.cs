using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Imap.Commands;
using MailAccess.Imap.Grammar;

namespace MailAccess.Imap;

/// <summary>The table of commands.</summary>
internal static class ImapCommands
{
    private const int VerbOctetsMax = 24;

    /// <summary>Every row.</summary>
    public static readonly IReadOnlyList<ImapCommand> All =
    [
        // Any state: RFC 3501 §6.1, and RFC 2971.
        CapabilityCommand.Definition, NoopCommand.Definition, LogoutCommand.Definition, IdCommand.Definition,
        // Not authenticated: §6.2.
        StartTlsCommand.Definition, AuthenticateCommand.Definition, LoginCommand.Definition,
        // Authenticated or selected: §6.3; RFC 5161, 2342, 2177, 4978, 8437.
        SelectCommand.Definition, SelectCommand.ExamineDefinition, CreateCommand.Definition, DeleteCommand.Definition,
        RenameCommand.Definition, SubscribeCommand.Definition, SubscribeCommand.UnsubscribeDefinition, ListCommand.Definition, ListCommand.ExtendedByUses,
        LsubCommand.Definition, StatusCommand.Definition, AppendCommand.Definition, EnableCommand.Definition,
        NamespaceCommand.Definition, IdleCommand.Definition, CompressCommand.Definition, UnauthenticateCommand.Definition,
        // RFC 5465.
        NotifyCommand.Definition,
        // RFC 9208.
        QuotaCommands.GetQuota, QuotaCommands.GetQuotaRoot, QuotaCommands.SetQuota,
        // RFC 4314 §3, RFC 5464 §4.
        AccessCommands.SetDefinition, AccessCommands.DeleteDefinition, AccessCommands.GetDefinition, AccessCommands.ListRightsDefinition,
        AccessCommands.MyRightsDefinition, GetMetadataCommand.Definition, SetMetadataCommand.Definition,
        // RFC 4467 §7.
        UrlCommands.GenerateDefinition, UrlFetchCommand.Definition, UrlCommands.ResetDefinition,
        // Selected: §6.4; RFC 3691, 4315, 6851, 5256, 8508.
        CheckCommand.Definition, CloseCommand.Definition, CloseCommand.UnselectDefinition, ExpungeCommand.Definition,
        ExpungeCommand.UidDefinition, SearchCommand.Definition, SearchCommand.UidDefinition, SortCommand.Definition, SortCommand.UidDefinition, ThreadCommand.Definition, ThreadCommand.UidDefinition, CancelUpdateCommand.Definition, UidBatchesCommand.Definition, EsearchCommand.Definition, FetchCommand.Definition,
        FetchCommand.UidDefinition, StoreCommand.Definition, StoreCommand.UidDefinition, CopyCommand.Definition,
        CopyCommand.UidDefinition, MoveCommand.Definition, MoveCommand.UidDefinition,
        ReplaceCommand.Definition, ReplaceCommand.UidDefinition,
    ];

    private static readonly FrozenDictionary<string, ImapCommand> ByVerb =
        All.ToFrozenDictionary(c => c.Verb, StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes the verb, with a second word behind UID, and finds its row.</summary>
    public static bool TryRead(ImapArguments arguments, [NotNullWhen(true)] out ImapCommand? command)
    {
        command = null;
        if (!arguments.TryAtom(out ReadOnlyMemory<byte> first) || first.Length > VerbOctetsMax)
        {
            return false;
        }
        Span<char> verb = stackalloc char[(2 * VerbOctetsMax) + 1];
        int length = Encoding.ASCII.GetChars(first.Span, verb);
        if (Ascii.EqualsIgnoreCase(first.Span, "UID"u8))
        {
            // uid = "UID" SP (copy / fetch / search / store) — RFC 3501 §9.
            if (!arguments.TrySpace() || !arguments.TryAtom(out ReadOnlyMemory<byte> second) || second.Length > VerbOctetsMax)
            {
                return false;
            }
            verb[length++] = ' ';
            length += Encoding.ASCII.GetChars(second.Span, verb[length..]);
        }
        return ByVerb.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(verb[..length], out command);
    }
}
