using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;

namespace MailAccess.Imap.Commands;

/// <summary>CANCELUPDATE — RFC 5267 §4.3.5. A tag that nothing is told of any more is no error.</summary>
internal static class CancelUpdateCommand
{
    public static readonly ImapCommand Definition = new("CANCELUPDATE", ImapStates.Selected, ImapCommand.AllChanges, Execute);

    private static ValueTask<ImapCompletion> Execute(ImapSession session, ImapArguments arguments)
    {
        if (session.Services.IsDisabled("CONTEXT=SEARCH") && session.Services.IsDisabled("CONTEXT=SORT"))
        {
            return new(ImapCompletion.Bad("unknown command"));
        }
        // command-select =/ "CANCELUPDATE" 1*(SP quoted)     RFC 5267 §5
        List<ReadOnlyMemory<byte>> tags = [];
        do
        {
            if (!arguments.TrySpace() || !arguments.TryString(out ReadOnlyMemory<byte> tag))
            {
                return new(ImapErrors.Syntax(arguments));
            }
            tags.Add(tag);
        }
        while (!arguments.AtEnd);
        tags.ForEach(t => session.Selected!.Contexts?.Cancel(t));
        return new(ImapCompletion.Ok("no further updates"));
    }
}
