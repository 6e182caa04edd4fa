using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Urls;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Store.Memory;
using MailAccess.Store.Metadata;
using MailAccess.Testing;

namespace MailAccess.Imap.Tests;

/// <summary>Authorized URLs: what is one, and that nothing but the URL as it was authorized opens anything.</summary>
public sealed class UrlAuthTests : IAsyncLifetime
{
    private const string Rump = "imap://alice@example.com/INBOX;UIDVALIDITY=1/;UID=1/;SECTION=TEXT/;PARTIAL=0.9;EXPIRE=2999-01-01T00:00:00Z;URLAUTH=submit+alice";

    private static readonly ImapLimits Limits = new();

    private readonly ManualTimeProvider _clock = new();
    private MemoryMailStore _memory = null!;
    private AccessMailStore _store = null!;
    private UrlFetcher _fetcher = null!;
    private IUserAccount _alice = null!;
    private byte[] _url = [];

    public async ValueTask InitializeAsync()
    {
        _memory = new MemoryMailStore(_clock);
        _store = new AccessMailStore(_memory, null, new MetadataOptions(), _clock);
        _fetcher = new UrlFetcher(_store, new UrlOptions { HostNames = ["example.com"], FindAccount = (name, _) => new(TestAuthenticator.Find(name)) }, Limits, _clock);
        _alice = (IUserAccount)Value(await _store.OpenAccountAsync("alice", default));
        await using IMailbox inbox = Value(await _alice.OpenAsync(MailboxName.Inbox, default));
        await using IStagedMessage message = Value(await _memory.StageAsync(0, default));
        Value(await message.WriteAsync("Subject: x\r\n\r\ntext of it"u8.ToArray(), default));
        Value(await message.CompleteAsync(default));
        Value(await inbox.AppendAsync([new MessageToAppend { Message = message }], default));
        string rump = Rump.Replace("=1/;UID", $"={inbox.Snapshot.UidValidity}/;UID", StringComparison.Ordinal);
        ReadOnlyMemory<byte> signature = Value(await _alice.SignAsync(inbox, Encoding.ASCII.GetBytes(rump), makesKey: true, default));
        _url = Encoding.ASCII.GetBytes($"{rump}:internal:{UrlToken.Format(signature.Span)}");
    }

    public async ValueTask DisposeAsync()
    {
        await _alice.DisposeAsync();
        await _store.DisposeAsync();
        await _memory.DisposeAsync();
    }

    [Fact]
    public async Task The_URL_as_it_was_authorized_opens_what_it_names()
    {
        Assert.Equal("text of i", await FetchAsync(_url));
    }

    [Fact]
    public async Task No_URL_with_another_octet_one_too_many_or_one_too_few_opens_anything()
    {
        int refused = 0;
        for (int at = 0; at < _url.Length; at++)
        {
            List<byte[]> changed = [[.. _url[..at], .. _url[(at + 1)..]]];
            for (byte octet = 0x21; octet < 0x7F; octet++)
            {
                changed.Add([.. _url[..at], octet, .. _url[(at + 1)..]]);
                changed.Add([.. _url[..at], octet, .. _url[at..]]);
            }
            foreach (byte[] tampered in changed.Where(t => !IsTheSame(t)))
            {
                Assert.True(await FetchAsync(tampered) is null, Encoding.ASCII.GetString(tampered));
                refused++;
            }
        }
        Assert.True(refused > 30_000);
    }

    [Fact]
    public async Task A_token_that_is_cut_or_lengthened_or_of_another_algorithm_is_none()
    {
        string url = Encoding.ASCII.GetString(_url);
        int token = url.LastIndexOf(':') + 1;
        foreach (int digits in Enumerable.Range(0, url.Length - token))
        {
            Assert.Null(await FetchAsync(Encoding.ASCII.GetBytes(url[..(token + digits)])));
        }
        Assert.Null(await FetchAsync(Encoding.ASCII.GetBytes(url + "00")));
        Assert.Null(await FetchAsync(Encoding.ASCII.GetBytes(url[..token] + "02" + url[(token + 2)..])));
        Assert.Null(await FetchAsync(Encoding.ASCII.GetBytes(url[..token] + new string('0', url.Length - token))));
    }

    [Fact]
    public async Task It_ends_with_its_last_instant()
    {
        _clock.Advance(new DateTimeOffset(2999, 1, 1, 0, 0, 0, TimeSpan.Zero) - _clock.GetUtcNow());
        Assert.NotNull(await FetchAsync(_url)); // "The latest date and time": RFC 4467 §3.
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(await FetchAsync(_url));
    }

    [Theory]
    [InlineData("imap://alice@example.com/INBOX/;UID=1", "alice", "example.com", null)]
    [InlineData("IMAP://al%40ice;AUTH=PLAIN@Example.COM:1430/INBOX/;UID=1", "al@ice", "example.com", 1430)]
    [InlineData("imap://;AUTH=*@example.com/INBOX/;UID=1", null, "example.com", null)]
    [InlineData("imap://m%C3%BCller@example.com/%E6%97%A5%E6%9C%AC%E8%AA%9E/%E5%8F%B0%E5%8C%97/;UID=1", "müller", "example.com", null)]
    [InlineData("imap://example.com/INBOX/;UID=1;URLAUTH=user+x", null, "example.com", null)]
    public void These_are_URLs(string url, string? user, string host, int? port)
    {
        Assert.True(AbsoluteUrl.TryParse(Encoding.ASCII.GetBytes(url), Limits, out AbsoluteUrl? parsed));
        Assert.Equal((user, host, port), (parsed.User, parsed.Host, parsed.Port));
    }

    [Theory]
    [InlineData("imaps://alice@example.com/INBOX/;UID=1")]
    [InlineData("imap:///INBOX/;UID=1")]
    [InlineData("imap://@example.com/INBOX/;UID=1")]
    [InlineData("imap://alice@/INBOX/;UID=1")]
    [InlineData("imap://alice@example.com")]
    [InlineData("imap://alice@b@example.com/INBOX/;UID=1")]
    [InlineData("imap://alice:secret@example.com/INBOX/;UID=1")]
    [InlineData("imap://alice;AUTH=@example.com/INBOX/;UID=1")]
    [InlineData("imap://alice;AUTH=a;AUTH=b@example.com/INBOX/;UID=1")]
    [InlineData("imap://al%FFice@example.com/INBOX/;UID=1")]
    [InlineData("imap://alice@example.com:0/INBOX/;UID=1")]
    [InlineData("imap://alice@example.com:65536/INBOX/;UID=1")]
    [InlineData("imap://alice@example.com:+1/INBOX/;UID=1")]
    [InlineData("imap://alice@ex%61mple.com/INBOX/;UID=1")]
    [InlineData("imap://alice@example.com//INBOX/;UID=1")]
    [InlineData("imap://alice@example.com/../INBOX/;UID=1")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;URLAUTH=")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;URLAUTH=stream")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;URLAUTH=user+a/b")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;URLAUTH=anonymousx")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;EXPIRE=2999-01-01T00:00:00Z")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;EXPIRE=2999-02-29T00:00:00Z;URLAUTH=anonymous")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;EXPIRE=2999-01-01T00:00:00;URLAUTH=anonymous")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;EXPIRE=2999-01-01T00:00:00.Z;URLAUTH=anonymous")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;EXPIRE=9999-12-31T23:59:59-01:00;URLAUTH=anonymous")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;EXPIRE=2999-01-01T00:00:00+24:00;URLAUTH=anonymous")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;URLAUTH=anonymous;EXPIRE=2999-01-01T00:00:00Z")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;URLAUTH=anonymous:internal")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;URLAUTH=anonymous::0123456789abcdef0123456789abcdef")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;URLAUTH=anonymous:in_ternal:0123456789abcdef0123456789abcdef")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;URLAUTH=anonymous:internal:0123456789abcdef0123456789abcde")]
    [InlineData("imap://alice@example.com/INBOX/;UID=1;URLAUTH=anonymous:internal:0123456789abcdef0123456789abcdex")]
    public void These_are_none(string url) => Assert.False(AbsoluteUrl.TryParse(Encoding.ASCII.GetBytes(url), Limits, out _));

    private static T Value<T>(StoreResult<T> result) => result.TryGet(out T? value) ? value : throw new InvalidOperationException($"the store said {result.Error}");

    /// <summary>The token's digits, and the mechanism's name, may be written in either case: they are not what is signed.</summary>
    private bool IsTheSame(byte[] tampered)
    {
        int rump = Encoding.ASCII.GetString(_url).IndexOf(":internal:", StringComparison.Ordinal);
        return tampered.Length == _url.Length && tampered.AsSpan(0, rump).SequenceEqual(_url.AsSpan(0, rump))
            && Ascii.EqualsIgnoreCase(tampered.AsSpan(rump), _url.AsSpan(rump));
    }

    private async Task<string?> FetchAsync(byte[] url)
    {
        (OpenedUrl? opened, _) = await _fetcher.OpenAsync(url, new UrlReader("alice", IsSubmission: true), takesPlain: false);
        if (opened is null)
        {
            return null;
        }
        await using (opened)
        {
            byte[] content = new byte[100];
            int read = await opened.Content!.ReadAsync(0, content, default);
            return Encoding.ASCII.GetString(content, 0, read);
        }
    }
}
