using MailAccess.Smtp;

namespace MailAccess.Queue.Tests;

/// <summary>Files that are replaced as a whole.</summary>
public sealed class WholeFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("whole-").FullName;

    private string FileName => Path.Combine(_folder, "file");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Its_content_is_the_new_one_and_its_owners_alone()
    {
        File.WriteAllText(FileName, "old, and longer");
        File.WriteAllText(FileName + ".new", "left over from a crash, and longer still");
        WholeFile.Replace(FileName, "new"u8);
        Assert.Equal("new", File.ReadAllText(FileName));
        Assert.Equal([FileName], Directory.GetFiles(_folder));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FileName));
    }

    [Fact]
    public void Where_the_new_content_cannot_be_written_the_old_stays()
    {
        File.WriteAllText(FileName, "old");
        Directory.CreateDirectory(FileName + ".new");
        Assert.ThrowsAny<Exception>(() => WholeFile.Replace(FileName, "new"u8));
        Assert.Equal("old", File.ReadAllText(FileName));
    }

    [Fact]
    public void Rules_are_readable_to_the_server_whoever_wrote_them_and_count_at_once()
    {
        Assert.True(HoldRule.TryParse("sender=*@example.test", out HoldRule? rule, out _));
        HoldRules rules = new(FileName);
        Assert.Null(Find());
        HoldRules.Write(FileName, [rule]);
        Assert.Equal(rule.Text, Find());
        Assert.True(File.GetUnixFileMode(FileName).HasFlag(UnixFileMode.OtherRead));
        HoldRules.Write(FileName, []);
        Assert.Null(Find());

        string? Find() => rules.Find(QueueHarness.Envelope("alice@example.test", "bob@example.test"), new MailOrigin { Protocol = "submission" })?.Text;
    }
}
