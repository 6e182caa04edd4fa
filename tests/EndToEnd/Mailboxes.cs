namespace MailAccess.EndToEnd;

/// <summary>Mailboxes of a demo server as IMAP shows them.</summary>
internal static class Mailboxes
{
    /// <summary>How many messages in an account's INBOX hold these words.</summary>
    public static async Task<int> CountAsync(DemoServer server, string account, string words)
    {
        await using LineClient client = await LineClient.ConnectAsync(server.Port(993), tls: true);
        await client.ExpectAsync("* OK");
        await client.CommandAsync($"a LOGIN {account} demo", "a OK");
        await client.CommandAsync("b EXAMINE INBOX", "b OK");
        string found = await client.CommandAsync($"c SEARCH TEXT \"{words}\"", "* SEARCH");
        await client.ExpectAsync("c OK");
        return found.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length - 2;
    }
}
