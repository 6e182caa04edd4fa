using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>
/// Bounds how many messages one command works on, and says so. What can be done in parts is done for the highest UIDs, and the client goes on
/// below; what is done wholly or not at all is refused. RFC 9738.
/// </summary>
internal static class MessageLimit
{
    public const string Capability = "MESSAGELIMIT";

    /// <summary>The same for COPY and APPEND alone.</summary>
    public const string SaveCapability = "SAVELIMIT";

    /// <summary>The highest so many of the messages, and where these are not all, the lowest UID among them. RFC 9738 §3.1.</summary>
    public static (IndexRanges Targets, Uid? Lowest) Cut(ImapServices services, MailboxSnapshot view, IndexRanges targets)
    {
        int limit = services.MessagesMax;
        if (targets.Count <= limit)
        {
            return (targets, null);
        }
        IndexRanges kept = targets.Slice(targets.Count - limit, limit);
        return (kept, view[kept.Ranges[0].First].Uid);
    }

    /// <summary>What a command came to that worked on the highest UIDs only. Where it has another code already, this one goes before it, untagged.</summary>
    /// <param name="session">Whose command.</param>
    /// <param name="completion">Else.</param>
    /// <param name="lowest">Of the UIDs; null: it worked on all that were named.</param>
    public static ImapCompletion Complete(ImapSession session, ImapCompletion completion, Uid? lowest)
    {
        if (lowest is null)
        {
            return completion;
        }
        string code = Code(session.Services.MessagesMax, lowest);
        if (completion is { Status: ImapStatus.Ok, Code: null })
        {
            return completion with { Code = code, Text = completion.Text + ", the highest UIDs only" };
        }
        session.Writer.WriteUntagged($"NO [{code}] the highest UIDs only");
        return completion;
    }

    /// <summary>Nothing was done. The lowest UID is that down to which it could have been done in one command, where that can be said.</summary>
    public static ImapCompletion Refuse(int limit, Uid? lowest = null) => ImapCompletion.No(Code(limit, lowest), $"more than {limit} messages in one command");

    /// <summary>resp-text-code =/ "MESSAGELIMIT" SP message-limit [SP uniqueid] — RFC 9738 §4.</summary>
    private static string Code(int limit, Uid? lowest) => lowest is { } uid ? $"{Capability} {limit} {uid}" : $"{Capability} {limit}";
}
