using System.Globalization;

namespace MailAccess.EndToEnd;

/// <summary>The program that most people will set up an account in, with its own set-up code, in a display that nobody sees.</summary>
public sealed class ThunderbirdTests(SharedDemoServer shared) : IClassFixture<SharedDemoServer>
{
    [Fact]
    public Task Over_imap_it_reads_flags_moves_deletes_hears_of_mail_and_files_what_it_sends() => RunAsync("imap");

    [Fact]
    public Task Over_pop3_it_leaves_deletes_and_takes_away_and_sends_by_implicit_tls() => RunAsync("pop3");

    [Fact]
    public Task Over_pop3_it_leaves_deletes_and_takes_away_and_sends_by_starttls() => RunAsync("pop3-starttls");

    private async Task RunAsync(string protocol)
    {
        Programs.Require("python3", "thunderbird", "Xvfb");
        string said = await Programs.RunAsync("python3",
        [
            Path.Combine(Programs.Clients, "thunderbird.py"), shared.Server.PortBase.ToString(CultureInfo.InvariantCulture), shared.Server.CaFile,
            "alice@example.test", "demo", "bob@example.test", protocol,
        ]);
        Assert.Contains("ok", said, StringComparison.Ordinal);
    }
}
