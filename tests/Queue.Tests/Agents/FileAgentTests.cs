using MailAccess.Smtp;

namespace MailAccess.Queue.Tests.Agents;

/// <summary>Files that aliases and .forward files name.</summary>
public sealed class FileAgentTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly AgentHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Fact]
    public async Task Message_goes_behind_what_is_in_the_file()
    {
        string path = _harness.PathOf("box");

        Assert.Equal("250 2.0.0 delivered to file", (await _harness.FileAsync(path)).ToString());
        _harness.Sender = "";
        Assert.Equal("250 2.0.0 delivered to file", (await _harness.FileAsync(path)).ToString());

        Assert.Equal(Private, File.GetUnixFileMode(path));
        Assert.False(File.Exists(path + ".lock"));
        string[] lines = _harness.Read("box").Split('\n');
        Assert.Equal(21, lines.Length);
        Assert.StartsWith("From alice@example.test ", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            ["Return-Path: <alice@example.test>", "X-Original-To: bob+x@example.test", "Delivered-To: bob+x@example.test",
             "From: a@example.test", "Subject: hello", "", ">From here", ".dot", ""],
            lines[1..10]);
        Assert.StartsWith("From MAILER-DAEMON ", lines[10], StringComparison.Ordinal);
        Assert.Equal("Return-Path: <>", lines[11]);
        Assert.Equal("", lines[20]);
    }

    [Fact]
    public async Task Maildir_is_made_and_gets_a_file()
    {
        Assert.Equal("250 2.0.0 delivered to maildir", (await _harness.FileAsync(_harness.PathOf("dir/"))).ToString());

        Assert.Empty(Directory.GetFiles(_harness.PathOf("dir/tmp")));
        string file = Assert.Single(Directory.GetFiles(_harness.PathOf("dir/new")));
        Assert.Equal(Private, File.GetUnixFileMode(file));
        Assert.Equal(
            "Return-Path: <alice@example.test>\nX-Original-To: bob+x@example.test\nDelivered-To: bob+x@example.test\n"
            + "From: a@example.test\nSubject: hello\n\nFrom here\n.dot\n",
            await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Null_device_throws_away() => Assert.Equal("250 2.0.0 discarded", (await _harness.FileAsync("/dev/null")).ToString());

    [Theory]
    [InlineData("chmod 700 box")]
    [InlineData("chmod 4600 box")]
    [InlineData("ln box other")]
    [InlineData("mv box real; ln -s real box")]
    [InlineData("rm box; mkfifo -m 666 box")]
    [InlineData("rm box; mkdir -m 777 box")]
    [InlineData("rm box; ln -s box box")]
    public async Task File_that_is_not_for_mail_is_not_written_to(string preparation)
    {
        File.WriteAllText(_harness.PathOf("box"), "");
        File.SetUnixFileMode(_harness.PathOf("box"), (UnixFileMode)0x1B6);
        using (System.Diagnostics.Process shell = System.Diagnostics.Process.Start("/bin/sh", ["-c", $"cd {_harness.Folder}; {preparation}"]))
        {
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        SmtpReply reply = await _harness.FileAsync(_harness.PathOf("box"));

        Assert.Equal((550, "5.2.0"), (reply.Code, reply.Enhanced.ToString()));
        Assert.False(File.Exists(_harness.PathOf("real")) && new FileInfo(_harness.PathOf("real")).Length > 0);
    }

    [Fact]
    public async Task Devices_are_not_opened()
    {
        SmtpReply reply = await _harness.FileAsync("/dev/zero");

        Assert.Equal(550, reply.Code);
    }

    [Theory]
    [InlineData("box")]
    [InlineData("dir/")]
    public async Task Root_writes_with_the_rights_of_the_user_and_no_others(string name)
    {
        Assert.SkipUnless(AgentHarness.IsRoot, "only root can be somebody else");
        string own = _harness.PathOf("own");
        string roots = _harness.PathOf("roots");
        Directory.CreateDirectory(roots, (UnixFileMode)0x1C0);
        Directory.CreateDirectory(own, (UnixFileMode)0x1FF);
        File.SetUnixFileMode(own, (UnixFileMode)0x1FF);

        Assert.Equal(250, (await _harness.FileAsync($"{own}/{name}", "daemon")).Code);
        Assert.Equal((451, "4.3.0"), await CodesAsync($"{roots}/{name}"));

        Assert.Empty(Directory.GetFileSystemEntries(roots));
        using System.Diagnostics.Process owner = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%U:%G", $"{own}/{name}"]) { RedirectStandardOutput = true })!;
        Assert.Equal("daemon:daemon\n", await owner.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));

        async Task<(int, string?)> CodesAsync(string path)
        {
            SmtpReply reply = await _harness.FileAsync(path, "daemon");
            return (reply.Code, reply.Enhanced.ToString());
        }
    }

    [Theory]
    [InlineData("mkfifo box.lock")]
    [InlineData("truncate -s 5G box.lock")]
    [InlineData("mkdir box.lock")]
    public async Task Strange_lock_holds_no_thread_takes_no_memory_and_is_a_lock(string preparation)
    {
        using (System.Diagnostics.Process shell = System.Diagnostics.Process.Start("/bin/sh", ["-c", $"umask 0; cd {_harness.Folder}; {preparation}"]))
        {
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        _harness.Options = _harness.Options with { Files = new() { Limits = new() { LockTimeout = TimeSpan.Zero, LockStaleAfter = TimeSpan.FromDays(100_000) } } };

        SmtpReply reply = await _harness.FileAsync(_harness.PathOf("box"));

        Assert.Equal((450, "4.2.0"), (reply.Code, reply.Enhanced.ToString()));
    }

    [Fact]
    public async Task Locked_file_is_waited_for_and_then_tried_again_later()
    {
        string path = _harness.PathOf("box");
        File.WriteAllText(path + ".lock", "1:elsewhere\n");
        File.SetUnixFileMode(path + ".lock", (UnixFileMode)0x1B6); // 0666, whatever the umask is.
        _harness.Options = _harness.Options with { Files = new() { Limits = new() { LockTimeout = TimeSpan.Zero, LockStaleAfter = TimeSpan.FromDays(100_000) } } };

        SmtpReply reply = await _harness.FileAsync(path);

        Assert.Equal((450, "4.2.0"), (reply.Code, reply.Enhanced.ToString()));
        Assert.True(File.Exists(path + ".lock"));
    }
}
