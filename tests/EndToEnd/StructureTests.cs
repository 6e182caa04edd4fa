using MailAccess.Testing;

namespace MailAccess.EndToEnd;

/// <summary>What IMAP says of the structure of broken mail, beside the real Dovecot over the same files.</summary>
public sealed class StructureTests : IDisposable
{
    private const string Alice = "alice@example.test";
    private const string Password = "demo";
    private const string Share = "4"; // Every fourth message of a kind; bench/structures/run has them all.
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-structures-").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_difference_from_Dovecot_has_an_explanation()
    {
        Programs.Require("dovecot", "doveadm", "python3");
        string data = Path.Combine(_folder, "data");
        string peers = Path.Combine(_folder, "Maildir");
        await CompareAsync("write", "--share", Share, peers, Path.Combine(data, "mail", Alice, "Maildir"));
        await using DovecotServer dovecot = new(Path.Combine(_folder, "dovecot"), peers, Alice, Password, $"maildir:{peers}");
        await dovecot.StartAsync();
        await using DemoServer ours = await DemoServer.StartAsync(data);

        string said = await CompareAsync("compare", "--share", Share, $"{ours.Port(993)},{ours.CaFile},{Alice},{Password}", $"{dovecot.ImapPort},-,{Alice},{Password}");

        Assert.EndsWith("\n0 unexplained differences\n", said, StringComparison.Ordinal);
        Assert.Equal("", dovecot.Complaints);
    }

    private static Task<string> CompareAsync(params string[] arguments) =>
        Programs.RunAsync("python3", ["-B", Path.Combine(Repository.Root, "bench", "structures", "compare.py"), .. arguments]);
}
