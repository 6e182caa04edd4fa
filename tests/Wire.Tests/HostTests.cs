using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using MailAccess.Testing;
using Microsoft.Extensions.Logging;

namespace MailAccess.Wire.Tests;

public sealed class HostTests
{
    private static readonly IPNetwork[] Loopback4 = [IPNetwork.Parse("127.0.0.0/8")];

    [Fact]
    public async Task Beyond_the_total_a_client_is_told_and_closed_and_room_comes_back()
    {
        await using var loopback = new Loopback(TransportTests.EchoAsync, new WireLimits { ConnectionsMax = 2 });
        await using NetworkStream one = await loopback.OpenAsync();
        await using NetworkStream two = await loopback.OpenAsync();
        await EchoesAsync(one);
        await EchoesAsync(two);
        await using NetworkStream three = await loopback.OpenAsync();
        Assert.Equal("* BYE too many\r\n", await three.HearAllAsync());
        one.Close();
        await UntilAsync(() => loopback.Host.ConnectionCount == 1);
        await using NetworkStream four = await loopback.OpenAsync();
        await EchoesAsync(four);
        Assert.DoesNotContain(loopback.Logger.Lines, l => l.Level > LogLevel.Information);
    }

    [Fact]
    public async Task Beyond_its_addresss_share_a_client_is_told_and_closed_and_room_comes_back()
    {
        await using var loopback = new Loopback(TransportTests.EchoAsync, new WireLimits { ConnectionsPerAddressMax = 1 });
        await using NetworkStream one = await loopback.OpenAsync();
        await EchoesAsync(one);
        await using NetworkStream two = await loopback.OpenAsync();
        Assert.Equal("* BYE too many\r\n", await two.HearAllAsync());
        one.Close();
        await loopback.DrainedAsync();
        await using NetworkStream three = await loopback.OpenAsync();
        await EchoesAsync(three);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [InlineData("::1", "::")]
    public void An_IPv6_client_is_counted_by_its_network(string address, string counted) =>
        Assert.Equal(IPAddress.Parse(counted), Addresses.CountedAs(IPAddress.Parse(address)));

    [Fact]
    public async Task Shutdown_asks_first_and_a_session_that_obeys_says_goodbye()
    {
        await using var loopback = new Loopback(TransportTests.EchoAsync);
        await using NetworkStream client = await loopback.OpenAsync();
        await EchoesAsync(client);
        EndPoint endPoint = loopback.Host.EndPointOf("test");
        Task stopping = loopback.Host.StopAsync(TimeSpan.FromMinutes(1)); // The clock stands: only obedience can end this.
        Assert.Equal("BYE\r\n", await client.HearAllAsync());
        await stopping.Soon();
        Assert.Equal(SessionEnd.Shutdown, Assert.Single(loopback.Ends));
        using var late = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(async () => await late.ConnectAsync(endPoint));
    }

    [Fact]
    public async Task Shutdown_cuts_what_is_left_after_the_grace_period()
    {
        // The clock runs far ahead of the machine here: only the grace period may be short.
        var limits = new WireLimits { OutputTimeout = TimeSpan.FromDays(40), AbortTimeout = TimeSpan.FromDays(40) };
        await using var loopback = new Loopback(
            async connection =>
            {
                byte[] block = new byte[1 << 20];
                while (true)
                {
                    await connection.Output.WriteAsync(block); // Deaf, and its client does not read.
                }
            },
            limits);
        await using NetworkStream client = await loopback.OpenAsync();
        await client.HearAsync(1);
        Task stopping = loopback.Host.StopAsync(TimeSpan.FromSeconds(10));
        Assert.False(stopping.IsCompleted);
        await loopback.AdvanceUntilAsync(stopping);
        Assert.Contains(loopback.Logger.Lines, l => l.Text.Contains("ended: Shutdown", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Shutdown_does_not_wait_for_a_session_that_never_ends()
    {
        var never = new TaskCompletionSource<SessionEnd>();
        await using var loopback = new Loopback(_ => never.Task);
        await using NetworkStream client = await loopback.OpenAsync();
        await UntilAsync(() => loopback.Host.ConnectionCount == 1);
        await loopback.AdvanceUntilAsync(loopback.Host.StopAsync(TimeSpan.FromSeconds(10)));
        Assert.Contains(loopback.Logger.Lines, l => l.Level == LogLevel.Error);
        never.SetResult(SessionEnd.Fault);
    }

    [Fact]
    public async Task A_session_that_ended_but_whose_client_lingers_does_not_hold_up_a_shutdown()
    {
        await using var loopback = new Loopback(_ => Task.FromResult(SessionEnd.ClientQuit));
        await using NetworkStream client = await loopback.OpenAsync();
        Assert.Equal("", await client.HearAllAsync());
        await loopback.Host.StopAsync(TimeSpan.FromMinutes(1)).Soon();
    }

    [Fact]
    public async Task A_port_is_free_for_the_next_start_at_once_and_not_for_two_at_a_time()
    {
        IPEndPoint endPoint = new(IPAddress.Loopback, FreePorts.Next());
        await using (var first = new Loopback(TransportTests.EchoAsync, configure: o => o with { EndPoint = endPoint }))
        {
            await using NetworkStream client = await first.OpenAsync();
            await client.SayAsync("bye\r\n");
            Assert.Equal("bye\r\n", await client.HearAllAsync()); // We closed first: TIME_WAIT is on our side.

            await using var second = new ConnectionHost(new WireLimits(), new ManualTimeProvider());
            second.Add(first.Options with { Name = "imap", EndPoint = endPoint }, TransportTests.EchoAsync);
            Assert.False(second.TryStart(out IReadOnlyList<string> errors));
            Assert.StartsWith($"listener imap: cannot listen at {endPoint}: ", Assert.Single(errors), StringComparison.Ordinal);
        }
        await using var next = new Loopback(TransportTests.EchoAsync, configure: o => o with { EndPoint = endPoint });
        await EchoesAsync(await next.OpenAsync());
    }

    [Fact]
    public async Task With_one_bad_listener_none_listens()
    {
        await using var host = new ConnectionHost(new WireLimits(), new ManualTimeProvider());
        var options = new ListenerOptions { Name = "imap", Protocol = WireProtocol.Imap, EndPoint = new IPEndPoint(IPAddress.Loopback, 0) };
        host.Add(options, TransportTests.EchoAsync);
        host.Add(options with { Name = "imaps", Tls = TlsMode.Implicit }, TransportTests.EchoAsync);
        Assert.False(host.TryStart(out IReadOnlyList<string> errors));
        Assert.Equal(["listener imaps: TLS needs a certificate"], errors);
        Assert.Throws<InvalidOperationException>(() => host.EndPointOf("imap"));
    }

    [Fact]
    public async Task Any_address_of_IPv6_serves_IPv4_and_shows_it_as_such()
    {
        IPEndPoint? remote = null;
        await using var loopback = new Loopback(
            connection =>
            {
                remote = connection.Remote;
                return TransportTests.EchoAsync(connection);
            },
            configure: o => o with { EndPoint = new IPEndPoint(IPAddress.IPv6Any, 0) });
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)loopback.Host.EndPointOf("test")).Port);
        using var client = new NetworkStream(socket);
        await EchoesAsync(client);
        Assert.Equal(IPAddress.Loopback, remote!.Address);
    }

    [Fact]
    public async Task A_Unix_socket_serves_has_its_mode_and_is_taken_away()
    {
        string folder = Directory.CreateTempSubdirectory("wire").FullName;
        string path = Path.Combine(folder, "lmtp");
        try
        {
            for (int i = 0; i < 2; i++)
            {
                // The second time a socket of a dead process is in the way.
                await using var loopback = new Loopback(
                    TransportTests.EchoAsync, configure: o => o with { EndPoint = new UnixDomainSocketEndPoint(path) });
                await EchoesAsync(await loopback.OpenAsync());
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));

                await using var second = new ConnectionHost(new WireLimits(), new ManualTimeProvider());
                second.Add(loopback.Options, TransportTests.EchoAsync);
                Assert.False(second.TryStart(out IReadOnlyList<string> errors));
                Assert.Contains("another process listens there", Assert.Single(errors), StringComparison.Ordinal);

                await loopback.DisposeAsync();
                Assert.False(File.Exists(path));
                using var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                dead.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder, "dead")));
                File.Move(Path.Combine(folder, "dead"), path);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.9 198.51.100.2 56324 143\r\n", "192.0.2.9:56324 198.51.100.2:143")]
    [InlineData("PROXY TCP6 2001:db8::9 ::1 1 2\r\n", "[2001:db8::9]:1 [::1]:2")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C\xC0\0\x02\x09\xC6\x33\x64\x02\xDC\x04\0\x8F", "192.0.2.9:56324 198.51.100.2:143")]
    public async Task A_trusted_proxy_tells_who_the_client_is(string header, string expected)
    {
        string? seen = null;
        await using Loopback loopback = Proxied(connection =>
        {
            seen = $"{connection.Remote} {connection.Local}";
            return TransportTests.EchoAsync(connection);
        });
        await using NetworkStream client = await loopback.OpenAsync();
        await client.SayAsync(header + "x\r\n"); // The session's first octets may come with it.
        Assert.Equal("x\r\n", await client.HearAsync(3));
        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task A_header_that_trickles_in_is_read_and_TLS_starts_right_behind_it()
    {
        using var files = new TestCertificates();
        TlsCertificates certificates = TestCertificates.Load(files.Write("mail", ["mail.example.test"]), files.Write("rsa", ["mail.example.test"], rsa: true));
        await using var loopback = new Loopback(TransportTests.EchoAsync, configure: o => o with
        {
            ProxyNetworks = Loopback4,
            Tls = TlsMode.Implicit,
            Certificates = certificates,
        });
        await using NetworkStream plain = await loopback.OpenAsync();
        foreach (char c in "PROXY TCP4 192.0.2.9 198.51.100.2 56324 143\r\n")
        {
            await plain.SayAsync(c.ToString());
        }
        await using SslStream client = await Loopback.StartTlsAsync(plain);
        await EchoesAsync(client);
    }

    [Fact]
    public async Task Without_a_header_or_from_elsewhere_nobody_is_served()
    {
        await using Loopback loopback = Proxied(_ => throw new InvalidOperationException("no session may start"));
        await using NetworkStream bare = await loopback.OpenAsync();
        await bare.SayAsync("EHLO x\r\n");
        Assert.Equal("", await bare.HearAllAsync());

        await using NetworkStream silent = await loopback.OpenAsync();
        await loopback.AdvanceUntilAsync(loopback.DrainedAsync());

        await using var distrusting = new Loopback(
            _ => throw new InvalidOperationException("no session may start"),
            configure: o => o with { ProxyNetworks = [IPNetwork.Parse("192.0.2.0/24")] });
        await using NetworkStream stranger = await distrusting.OpenAsync();
        Assert.Equal("", (await stranger.HearAllAsync()).Replace("<reset>", "", StringComparison.Ordinal));
        Assert.DoesNotContain(loopback.Logger.Lines.Concat(distrusting.Logger.Lines), l => l.Level > LogLevel.Information);
    }

    [Fact]
    public async Task Behind_a_proxy_the_share_is_the_true_clients()
    {
        await using Loopback loopback = Proxied(TransportTests.EchoAsync, new WireLimits { ConnectionsPerAddressMax = 1 });
        await using NetworkStream one = await loopback.OpenAsync();
        await one.SayAsync("PROXY TCP4 192.0.2.1 198.51.100.2 1 143\r\n");
        await EchoesAsync(one);
        await using NetworkStream two = await loopback.OpenAsync();
        await two.SayAsync("PROXY TCP4 192.0.2.2 198.51.100.2 1 143\r\n");
        await EchoesAsync(two);
        await using NetworkStream three = await loopback.OpenAsync();
        await three.SayAsync("PROXY TCP4 192.0.2.1 198.51.100.2 1 143\r\n");
        Assert.Equal("* BYE too many\r\n", await three.HearAllAsync());
    }

    [Fact]
    public async Task A_transcript_is_written_where_it_is_wanted_and_from_when_it_is_asked_for()
    {
        var sink = new Sink();
        IConnection? served = null;
        await using var loopback = new Loopback(
            connection =>
            {
                served = connection;
                return TransportTests.EchoAsync(connection);
            },
            transcripts: new TranscriptOptions { Sink = sink, Wanted = a => a.Equals(IPAddress.Parse("192.0.2.1")) });
        await using NetworkStream client = await loopback.OpenAsync();
        await EchoesAsync(client);
        Assert.Empty(sink.Lines);
        Assert.False(loopback.Host.StartTranscript("none"));
        Assert.True(loopback.Host.StartTranscript(served!.Id));
        await client.SayAsync("a1 LOGIN me secret\r\n");
        Assert.Equal("a1 LOGIN me secret\r\n", await client.HearAsync(20));
        Assert.Equal(
            [$"{served.Id} 09:26:53.000 C: a1 LOGIN ***", $"{served.Id} 09:26:53.000 S: a1 LOGIN me secret"], sink.Lines);
    }

    private static Loopback Proxied(Func<IConnection, Task<SessionEnd>> session, WireLimits? limits = null) =>
        new(session, limits, o => o with { ProxyNetworks = Loopback4 });

    private static async Task EchoesAsync(Stream client)
    {
        await client.SayAsync("hello\r\n");
        Assert.Equal("hello\r\n", await client.HearAsync(7));
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        Task late = Task.Delay(TimeSpan.FromSeconds(120), TimeProvider.System);
        while (!holds())
        {
            Assert.False(late.IsCompleted, "it did not happen");
            await Task.Yield();
        }
    }

    private sealed class Sink : ITranscriptSink
    {
        public List<string> Lines { get; } = [];

        public void Write(string connectionId, string line) => Lines.Add($"{connectionId} {line}");
    }
}
