using MailAccess.Imap.Fetching;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Urls;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>URLFETCH — RFC 4467 §7: what authorized URLs name, with the rights of whoever has authorized them.</summary>
internal static class UrlFetchCommand
{
    public static readonly ImapCommand Definition =
        new("URLFETCH", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync) { Capability = UrlCommands.Capability };

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // urlfetch = "URLFETCH" 1*(SP url-full)     RFC 4467 §9
        List<ReadOnlyMemory<byte>> urls = [];
        do
        {
            if (!(arguments.TrySpace() && arguments.TryAstring(out ReadOnlyMemory<byte> url)))
            {
                return ImapErrors.Syntax(arguments);
            }
            urls.Add(url);
        }
        while (!arguments.AtEnd);
        bool mayWorkLater = false;
        // urlfetch-data = "*" SP "URLFETCH" 1*(SP url-full SP nstring)
        session.Writer.Write("* URLFETCH"u8);
        foreach (ReadOnlyMemory<byte> url in urls)
        {
            session.Writer.Write(" "u8);
            session.Writer.WriteString(url.Span);
            session.Writer.Write(" "u8);
            (OpenedUrl? opened, UrlRefusal refusal) =
                await session.Services.Urls!.OpenAsync(url, new UrlReader(session.Account!.Name, IsSubmission: false), takesPlain: false);
            mayWorkLater |= refusal == UrlRefusal.Unavailable;
            if (opened is null)
            {
                session.Writer.Write("NIL"u8); // Whatever the reason: RFC 4467 §8.
                continue;
            }
            await using (opened)
            {
                await WriteAsync(session, opened);
            }
        }
        session.Writer.Write("\r\n"u8);
        return mayWorkLater ? ImapErrors.ToCompletion(StoreError.Unavailable) : ImapCompletion.Ok("fetched");
    }

    /// <summary>From the store into the pipe's memory, a bounded piece at a time. Lost content cuts the connection: its length has been promised.</summary>
    private static async ValueTask WriteAsync(ImapSession session, OpenedUrl opened)
    {
        ImapWriter writer = session.Writer;
        UrlContent content = opened.Content!;
        writer.Write("{"u8);
        writer.WriteNumber(content.Octets);
        writer.Write("}\r\n"u8);
        for (long at = 0; at < content.Octets;)
        {
            Memory<byte> memory = writer.GetMemory((int)Math.Min(content.Octets - at, SectionWriter.RoomOctetsMin));
            int read = await content.ReadAsync(at, memory[..(int)Math.Min(content.Octets - at, memory.Length)], CancellationToken.None);
            if (read == 0)
            {
                throw session.LoseContent(opened.Url.Uid, opened.Mailbox!.Name);
            }
            SectionWriter.HideNul(memory.Span[..read]);
            writer.Advance(read);
            at += read;
            if (writer.IsFull)
            {
                await writer.FlushAsync();
            }
        }
    }
}
