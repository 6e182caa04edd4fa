using System.Text;
using MailAccess.Auth;
using MailAccess.Directories.Ldap;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Directories.Tests.Ldap;

/// <summary>What is done where a server is hostile, broken or gone.</summary>
public sealed class LdapClientTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly List<LdapDirectory> _opened = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _opened.ForEach(d => d.Dispose());

    [Fact]
    public async Task Where_StartTLS_is_refused_no_password_follows()
    {
        await using LdapPeer peer = new(r => LdapPeer.Polite(r));
        LdapDirectory directory = Open(peer, o => o with { StartTls = true });
        IOException refused = await Assert.ThrowsAnyAsync<IOException>(() => directory.FindByLoginAsync("alice", Stop).AsTask());
        Assert.Contains("StartTLS: result 2 (because  of)", refused.Message, StringComparison.Ordinal);
        Assert.All(peer.Heard, r => Assert.Equal(LdapPeer.Extended, r.Kind));
        Assert.NotEmpty(peer.Heard);
    }

    /// <summary>Else it would be an answer under TLS that whoever is in between has written.</summary>
    [Fact]
    public async Task What_comes_in_clear_behind_the_answer_to_StartTLS_ends_the_connection()
    {
        await using LdapPeer peer = new(r => [.. LdapPeer.Result(r.Id, LdapPeer.ExtendedDone, 0), .. LdapPeer.Result(r.Id + 1, LdapPeer.BindDone, 0)]);
        LdapDirectory directory = Open(peer, o => o with { StartTls = true });
        IOException refused = await Assert.ThrowsAnyAsync<IOException>(() => directory.FindByLoginAsync("alice", Stop).AsTask());
        Assert.Contains("StartTLS", refused.Message, StringComparison.Ordinal);
        Assert.Equal(LdapPeer.Extended, Assert.Single(peer.Heard).Kind);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(19, false)]
    [InlineData(32, false)]
    [InlineData(34, false)]
    [InlineData(48, false)]
    [InlineData(49, false)]
    [InlineData(50, false)]
    [InlineData(53, false)]
    [InlineData(1, null)]
    [InlineData(2, null)]
    [InlineData(3, null)]
    [InlineData(8, null)]
    [InlineData(13, null)]
    [InlineData(14, null)]
    [InlineData(51, null)]
    [InlineData(52, null)]
    [InlineData(80, null)]
    public async Task A_wrong_password_is_what_the_directory_calls_one_and_all_else_is_temporary(int code, bool? expected)
    {
        await using LdapPeer peer = new(r => r.Kind == LdapPeer.Bind ? LdapPeer.Result(r.Id, LdapPeer.BindDone, code) : LdapPeer.Polite(r));
        Assert.Equal(expected, await TryVerifyAsync(Open(peer)));
    }

    [Fact]
    public async Task Referrals_lead_nowhere()
    {
        await using LdapPeer elsewhere = new(r => LdapPeer.Polite(r));
        string address = $"{elsewhere.Address}dc=test";
        await using LdapPeer peer = new(r => r.Kind == LdapPeer.Bind
            ? LdapPeer.Result(r.Id, LdapPeer.BindDone, 10, address)
            : [.. LdapPeer.Reference(r.Id, address), .. LdapPeer.Polite(r)]);
        LdapDirectory directory = Open(peer);
        Assert.Null(await TryVerifyAsync(directory));
        await using LdapPeer other = new(r => LdapPeer.Result(r.Id, LdapPeer.SearchDone, 10, address));
        await Assert.ThrowsAnyAsync<IOException>(() => Open(other).FindByLoginAsync("alice", Stop).AsTask());
        Assert.Equal(0, elsewhere.Connections);
    }

    /// <summary>Octets as hexadecimal digits, but for some words.</summary>
    [Theory]
    [InlineData("another number")]
    [InlineData("another kind")]
    [InlineData("3084FFFFFFFF0201")] // 4 GB
    [InlineData("30840050000002010161")] // 5 MB
    [InlineData("3085010000000002")]
    [InlineData("30800201016107")] // Lengths are definite: RFC 4511 §5.1.
    [InlineData("3000")]
    [InlineData("300202007F")]
    [InlineData("3003020101")]
    [InlineData("300C0201016107 0A0100 0400 0500")]
    [InlineData("300C02010161070A02FFFF04000400")]
    [InlineData("3024020101782002010E04000400 8A16 312E332E362E312E342E312E313436362E3230303336")] // A notice of disconnection without its number 0: RFC 4511 §4.4.1.
    [InlineData("485454502F312E3120343030")]
    [InlineData("nested")]
    public async Task An_answer_that_is_none_is_no_wrong_password(string answer)
    {
        await using LdapPeer peer = new(r => r.Kind != LdapPeer.Bind ? LdapPeer.Polite(r) : answer switch
        {
            "another number" => LdapPeer.Result(r.Id + 1, LdapPeer.BindDone, 0),
            "another kind" => LdapPeer.Result(r.Id, LdapPeer.SearchDone, 0),
            "nested" => Nested(),
            _ => Convert.FromHexString(answer.Replace(" ", "", StringComparison.Ordinal)),
        });
        Assert.Null(await TryVerifyAsync(Open(peer)));
    }

    /// <summary>Of an answer that would be a success if it came whole.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(20)]
    public async Task A_server_that_ends_or_falls_silent_within_its_answer_is_no_wrong_password(int octets)
    {
        static bool IsBind(LdapRequest r) => r.Kind == LdapPeer.Bind;
        byte[] Answer(LdapRequest r) => IsBind(r) ? LdapPeer.Result(r.Id, LdapPeer.BindDone, 0)[..octets] : LdapPeer.Polite(r);
        await using LdapPeer ending = new(Answer) { HangsUp = IsBind };
        Assert.Null(await TryVerifyAsync(Open(ending)));

        await using LdapPeer silent = new(Answer);
        Task<bool?> verdict = TryVerifyAsync(Open(silent));
        while (!IsBind(await silent.NextAsync(Stop)))
        {
        }
        Assert.False(verdict.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Null(await verdict);
    }

    [Fact]
    public async Task More_entries_than_were_asked_for_are_not_gathered()
    {
        await using LdapPeer peer = new(r => r.Kind == LdapPeer.Search ? [.. Enumerable.Range(0, 5).SelectMany(i => LdapPeer.Entry(r.Id, $"u{i}"))] : LdapPeer.Polite(r));
        IOException refused = await Assert.ThrowsAnyAsync<IOException>(() => Open(peer).FindByLoginAsync("alice", Stop).AsTask());
        Assert.Contains("more entries", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_says_nothing_more_is_waited_for_as_long_as_configured_and_asked_anew()
    {
        bool isSilent = true;
        await using LdapPeer peer = new(r => isSilent ? null : LdapPeer.Polite(r));
        LdapDirectory directory = Open(peer);
        Task<StoredAccount?> lookup = directory.FindByLoginAsync("alice", Stop).AsTask();
        await peer.NextAsync(Stop);
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.False(lookup.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(2));
        IOException late = await Assert.ThrowsAnyAsync<IOException>(() => lookup);
        Assert.Contains("no answer", late.Message, StringComparison.Ordinal);
        isSilent = false;
        Assert.Equal("alice", (await directory.FindByLoginAsync("alice", Stop))?.Account.Name);
    }

    [Fact]
    public async Task A_connection_is_kept_for_the_next_look_up_but_not_for_long()
    {
        await using LdapPeer peer = new(r => LdapPeer.Polite(r));
        LdapDirectory directory = Open(peer);
        await directory.FindByLoginAsync("alice", Stop);
        await directory.FindByLoginAsync("alice", Stop);
        Assert.Equal(1, peer.Connections);
        _clock.Advance(TimeSpan.FromMinutes(2));
        await directory.FindByLoginAsync("alice", Stop);
        Assert.Equal(2, peer.Connections);
    }

    [Fact]
    public async Task A_kept_connection_that_has_ended_is_replaced_within_the_same_look_up()
    {
        await using LdapPeer peer = new(r => r is { Connection: 1, Id: 2 } ? null : LdapPeer.Polite(r)) { HangsUp = r => r is { Connection: 1, Id: 2 } };
        LdapDirectory directory = Open(peer);
        await directory.FindByLoginAsync("alice", Stop);
        Assert.Equal("alice", (await directory.FindByLoginAsync("alice", Stop))?.Account.Name);
        Assert.Equal(2, peer.Connections);
    }

    [Theory]
    [InlineData("")]
    [InlineData("al\0ice")]
    [InlineData("alice\n")]
    public async Task A_name_that_is_nobodys_is_not_asked_for(string name)
    {
        await using LdapPeer peer = new(r => LdapPeer.Polite(r));
        Assert.Null(await Open(peer, o => o with { UserDn = "uid=%n,dc=test" }).FindByLoginAsync(name, Stop));
        Assert.Equal(0, peer.Connections);
    }

    [Fact]
    public async Task Nobody_is_bound_without_a_password()
    {
        await using LdapPeer peer = new(r => LdapPeer.Polite(r));
        await Assert.ThrowsAnyAsync<IOException>(() => Open(peer, o => o with { BindDn = "cn=x", ReadPassword = () => "" }).FindByLoginAsync("alice", Stop).AsTask());
        StoredAccount? alice = await Open(peer).FindByLoginAsync("alice", Stop);
        await Assert.ThrowsAsync<ArgumentException>(() => alice!.Verifier!.VerifyAsync(default, Stop).AsTask());
        Assert.DoesNotContain(peer.Heard, r => r.Kind == LdapPeer.Bind);
    }

    /// <summary>Each constructed octet string holds another one, as deep as a message can be.</summary>
    private static byte[] Nested()
    {
        const int depth = 100_000;
        byte[] octets = [0x30, 0x84, 0, 0, 0, 0, 2, 1, 1, 0x61, 0x84, 0, 0, 0, 0, 0x0A, 1, 0, .. Enumerable.Repeat<byte[]>([0x24, 0x80], depth).SelectMany(o => o)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(octets.AsSpan(2), octets.Length - 6);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(octets.AsSpan(11), octets.Length - 15);
        return octets;
    }

    /// <summary>Null: temporary.</summary>
    private static async Task<bool?> TryVerifyAsync(LdapDirectory directory)
    {
        StoredAccount? alice = await directory.FindByLoginAsync("alice", Stop);
        try
        {
            return await alice!.Verifier!.VerifyAsync(Encoding.UTF8.GetBytes("pencil"), Stop);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private LdapDirectory Open(LdapPeer peer, Func<LdapOptions, LdapOptions>? change = null)
    {
        LdapOptions options = new() { Servers = [peer.Address], StartTls = false, Base = "dc=test", DefaultDomains = ["example.test"] };
        LdapDirectory directory = new(change?.Invoke(options) ?? options, _clock, NullLogger.Instance);
        _opened.Add(directory);
        return directory;
    }
}
