using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Store.Metadata;

namespace MailAccess.Imap.Commands;

/// <summary>SETMETADATA — RFC 5464 §4.3: all entries are set, or none.</summary>
internal static class SetMetadataCommand
{
    public static readonly ImapCommand Definition =
        new("SETMETADATA", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync) { Capability = "METADATA" };

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // setmetadata = "SETMETADATA" SP mailbox SP entry-values     RFC 5464 §5
        if (!(arguments.TrySpace() && MetadataArguments.TryTarget(arguments, out MailboxName? name, out bool isServer)
              && arguments.TrySpace() && TryValues(arguments, out List<Annotation> annotations) && arguments.AtEnd))
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
        if (isServer && !annotations.TrueForAll(a => SearchFilters.MayBeStored(session.Services, a)))
        {
            return ImapCompletion.No("CANNOT", "a filter must be a search"); // RFC 5466 §3.2.
        }
        StoreResult<Done> set = await account.SetAnnotationsAsync(name, annotations, CancellationToken.None);
        return set.Error switch
        {
            StoreError.None => ImapCompletion.Ok("set"),
            StoreError.TooBig => ImapCompletion.No(
                $"METADATA MAXSIZE {((AccessMailStore)session.Services.Store).Metadata.Limits.ValueOctetsMax}", "a value is too long"),
            StoreError.LimitReached => ImapCompletion.No("METADATA TOOMANY", "too many annotations"),
            StoreError.NotPermitted => ImapCompletion.No("CANNOT", "only the server sets this"),
            _ => ImapErrors.ToCompletion(set.Error),
        };
    }

    /// <summary>entry-values = "(" entry-value *(SP entry-value) ")" — RFC 5464 §5.</summary>
    private static bool TryValues(ImapArguments arguments, out List<Annotation> annotations)
    {
        annotations = [];
        if (!arguments.TryChar((byte)'(', "a list of entries and values"))
        {
            return false;
        }
        do
        {
            if (!(MetadataArguments.TryEntry(arguments, out string entry) && arguments.TrySpace()
                  && MetadataArguments.TryValue(arguments, out ReadOnlyMemory<byte>? value)))
            {
                return false;
            }
            annotations.Add(new Annotation(entry, value));
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        return arguments.TryChar((byte)')', "an entry or )");
    }
}
