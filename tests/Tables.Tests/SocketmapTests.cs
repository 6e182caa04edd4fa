using System.Net.Sockets;
using System.Text;

namespace MailAccess.Tables.Tests;

/// <summary>socketmap_table(5), against a server that says what a test wants.</summary>
public sealed class SocketmapTests : IAsyncDisposable
{
    private readonly TableFolder _folder = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ILookUpTable _table;

    public SocketmapTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_folder.Path("s")));
        _listener.Listen();
        _table = _folder.Open($"socketmap:unix:{_folder.Path("s")}:map");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _folder.DisposeAsync();
    }

    [Theory]
    [InlineData("OK a value", LookUpOutcome.Found, "a value")]
    [InlineData("OK ", LookUpOutcome.Found, "")]
    [InlineData("NOTFOUND ", LookUpOutcome.NotFound, null)]
    [InlineData("TEMP away", LookUpOutcome.Failed, "TEMP away")]
    [InlineData("TIMEOUT ", LookUpOutcome.Failed, "TIMEOUT")]
    [InlineData("PERM never", LookUpOutcome.Failed, "PERM never")]
    [InlineData("WHAT", LookUpOutcome.Failed, "none of OK")]
    public async Task Answers_are_told_apart(string answer, LookUpOutcome outcome, string? text)
    {
        Task<TableAnswer> asking = _table.FindAsync("Bob@example.org", Stop).AsTask();
        using Socket peer = await _listener.AcceptAsync(Stop);
        Assert.Equal("19:map Bob@example.org,", await ReadAsync(peer));
        byte[] octets = Encoding.UTF8.GetBytes($"{answer.Length}:{answer},");
        foreach (byte octet in octets)
        {
            await peer.SendAsync(new[] { octet }, Stop);
        }
        TableAnswer found = await asking;
        Assert.Equal(outcome, found.Outcome);
        Assert.Contains(text ?? "", found.Outcome == LookUpOutcome.Failed ? found.Error : found.Value ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x:")]
    [InlineData("100001:")]
    [InlineData("99999999999")]
    [InlineData("2:OKx")]
    [InlineData("")]
    public async Task What_is_no_answer_is_a_failure_for_now(string octets)
    {
        Task<TableAnswer> asking = _table.FindAsync("a", Stop).AsTask();
        using (Socket peer = await _listener.AcceptAsync(Stop))
        {
            await ReadAsync(peer);
            await peer.SendAsync(Encoding.ASCII.GetBytes(octets), Stop);
        }
        Assert.Equal(LookUpOutcome.Failed, (await asking).Outcome);
    }

    [Fact]
    public async Task A_connection_is_used_again_and_replaced_where_it_ended()
    {
        Task<TableAnswer> asking = _table.FindAsync("a", Stop).AsTask();
        Socket first = await _listener.AcceptAsync(Stop);
        await AnswerAsync(first, "4:OK 1,");
        Assert.Equal("1", (await asking).Value);

        asking = _table.FindAsync("b", Stop).AsTask();
        await AnswerAsync(first, "4:OK 2,");
        Assert.Equal("2", (await asking).Value);

        first.Dispose();
        asking = _table.FindAsync("c", Stop).AsTask();
        using Socket second = await _listener.AcceptAsync(Stop);
        await AnswerAsync(second, "4:OK 3,");
        Assert.Equal("3", (await asking).Value);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up()
    {
        Task<TableAnswer> asking = _table.FindAsync("a", Stop).AsTask();
        using Socket peer = await _listener.AcceptAsync(Stop);
        await ReadAsync(peer);
        _folder.Clock.Advance(TableLimits.Default.SocketmapTimeout);
        TableAnswer late = await asking;
        Assert.Equal(LookUpOutcome.Failed, late.Outcome);
        Assert.Contains("no answer in 10 s", late.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_a_failure_for_now() =>
        Assert.Equal(LookUpOutcome.Failed, (await _folder.Open($"socketmap:unix:{_folder.Path("nowhere")}:map").FindAsync("a", Stop)).Outcome);

    [Theory]
    [InlineData("unix:relative:map")]
    [InlineData("unix:/path")]
    [InlineData("inet:host:map")]
    [InlineData("inet:host:99999:map")]
    [InlineData("inet::25:map")]
    [InlineData("unix:/path:")]
    public void Other_addresses_are_refused(string argument) => Assert.Contains("allowed are", _folder.Refused($"socketmap:{argument}"), StringComparison.Ordinal);

    [Theory]
    [InlineData("inet:localhost:25:map")]
    [InlineData("inet:[::1]:25:map")]
    [InlineData("inet:127.0.0.1:25:map")]
    public void Addresses_of_the_network_are_taken(string argument) => Assert.True(_folder.Open($"socketmap:{argument}").TakesWholeKeysOnly);

    private static async Task AnswerAsync(Socket peer, string answer)
    {
        await ReadAsync(peer);
        await peer.SendAsync(Encoding.ASCII.GetBytes(answer), Stop);
    }

    private static async Task<string> ReadAsync(Socket peer)
    {
        StringBuilder read = new();
        byte[] octet = new byte[1];
        while (!read.ToString().EndsWith(',') && await peer.ReceiveAsync(octet, Stop) > 0)
        {
            read.Append((char)octet[0]);
        }
        return read.ToString();
    }
}
