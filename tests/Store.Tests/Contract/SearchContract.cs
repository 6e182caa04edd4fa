using MailAccess.Message.Searching;

namespace MailAccess.Store.Tests.Contract;

/// <summary>What every store finds.</summary>
public abstract class SearchContract : StoreFixture
{
    [Fact]
    public async Task Texts_are_found_in_their_decoded_form_and_only_among_the_candidates()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Uid first = await AppendAsync(mailbox, "Subject: =?utf-8?q?Caf=C3=A9?=\r\nX-Own: here\r\n\r\nnothing\r\n");
        Uid second = await AppendAsync(mailbox, "Subject: b\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8gdGhl\r\ncmUsIGNhZsOp\r\n");
        Uid third = await AppendAsync(mailbox, "Subject: c\r\n\r\nCafe\u0301 " + new string('x', 300_000) + " far away\r\n");
        TextTerm[] terms = [TextTerm.Everywhere("CAF\u00C9"), TextTerm.Body("caf\u00E9"), TextTerm.Header("x-own", "HERE"), TextTerm.Body("hello there"), TextTerm.Body("far away")];
        Assert.Equal([$"{first}:{third}", $"{second}:{third}", $"{first}", $"{second}", $"{third}"], await SearchAsync(mailbox, UidSet.All, terms));
        Assert.Equal([$"{third}", $"{third}", "", "", $"{third}"], await SearchAsync(mailbox, UidSet.Of(third), terms));
        Assert.Equal(["", "", "", "", ""], await SearchAsync(mailbox, UidSet.Of(new Uid(1_000)), terms));
    }

    [Fact]
    public async Task Many_messages_are_searched_by_several_sessions_at_once_while_others_go()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await FillAsync(mailbox, 300);
        Task<string[]>[] searches = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => SearchAsync(mailbox, UidSet.All, TextTerm.Body("body 1"), TextTerm.Body("body 300"))))];
        Must(await mailbox.ExpungeAsync(UidSet.FromRanges([(new Uid(200), new Uid(250))]), ExpungeScope.AllNamed, None));
        foreach (string[] found in await Task.WhenAll(searches))
        {
            Assert.Equal("300", found[1]);
            Assert.Equal("1,10:19,100:199", found[0]);
        }
    }

    [Fact]
    public async Task A_search_can_be_cancelled()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await FillAsync(mailbox, 200);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await mailbox.SearchTextAsync(UidSet.All, [TextTerm.Body("x")], new CancellationToken(canceled: true)));
    }

    protected static async Task<string[]> SearchAsync(IMailbox mailbox, UidSet candidates, params TextTerm[] terms) =>
        [.. Must(await mailbox.SearchTextAsync(candidates, terms, None)).Select(f => f.ToString())];
}
