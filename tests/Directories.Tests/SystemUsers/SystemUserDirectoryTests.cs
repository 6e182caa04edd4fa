using System.Text;
using MailAccess.Auth;
using MailAccess.Directories.Posix;
using MailAccess.Directories.SystemUsers;
using MailAccess.Testing;

namespace MailAccess.Directories.Tests.SystemUsers;

/// <summary>Against this machine's libpam, with services in a folder of the test's own.</summary>
public sealed class SystemUserDirectoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-pam-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_user_of_this_machine_has_his_home_and_an_address_in_each_domain()
    {
        using SystemUserDirectory users = Open();
        StoredAccount? found = await users.FindByLoginAsync("DAEMON", Stop);
        Assert.NotNull(found);
        Assert.Equal("daemon", found.Account.Name);
        Assert.Equal(["daemon@example.test", "daemon@other.test"], found.Account.Addresses);
        Assert.Equal(PosixUsers.Find("daemon")!.Home, found.Account.Home);
        Assert.Equal("daemon", (await users.FindByLoginAsync("daemon@Other.test", Stop))?.Account.Name);
        Assert.Equal("daemon", (await users.FindByAddressAsync("Daemon", "example.test", Stop))?.Name);
        Assert.Contains(await users.ListAsync(Stop), a => a.Name == "daemon");
    }

    [Theory]
    [InlineData("root")] // Below uidMin.
    [InlineData("nobody")] // Above uidMax.
    [InlineData("no-such-user-here")]
    [InlineData("daemon@foreign.test")]
    [InlineData("daemon\0x")]
    [InlineData("")]
    public async Task Others_have_no_mail(string name)
    {
        using SystemUserDirectory users = Open();
        Assert.Null(await users.FindByLoginAsync(name, Stop));
        Assert.DoesNotContain(await users.ListAsync(Stop), a => a.Name == name);
    }

    [Fact]
    public async Task The_password_goes_to_the_modules_as_it_is()
    {
        RequirePam();
        using SystemUserDirectory users = Open();
        WriteScript("""
            [ "$PAM_USER" = daemon ] && [ "$PAM_SERVICE" = mail ] && [ "$(tr -d '\0')" = "it's a päss" ]
            """);
        Assert.True(await VerifyAsync(users, "it's a päss"));
        Assert.False(await VerifyAsync(users, "it's a pass"));
        Assert.False(await users.Nobody!.VerifyAsync("it's a päss"u8.ToArray(), Stop));
    }

    [Theory]
    [InlineData("auth required pam_permit.so\naccount required pam_permit.so", true)]
    [InlineData("auth required pam_deny.so\naccount required pam_permit.so", false)]
    [InlineData("auth required pam_permit.so\naccount required pam_deny.so", false)]
    [InlineData("auth required pam_permit.so\naccount required pam_debug.so acct=acct_expired", false)]
    [InlineData("auth required pam_permit.so\naccount required pam_debug.so acct=new_authtok_reqd", false)]
    [InlineData("auth required pam_debug.so auth=system_err\naccount required pam_permit.so", false)] // As pam_exec says it.
    [InlineData("auth required pam_debug.so auth=perm_denied\naccount required pam_permit.so", false)]
    public async Task Both_authentication_and_the_account_must_be_good(string service, bool isRight)
    {
        RequirePam();
        using SystemUserDirectory users = Open(service: service);
        Assert.Equal(isRight, await VerifyAsync(users, "x"));
    }

    [Theory]
    [InlineData("authinfo_unavail")]
    [InlineData("service_err")]
    public async Task What_cannot_be_asked_is_no_wrong_password(string result)
    {
        RequirePam();
        using SystemUserDirectory users = Open(service: $"auth required pam_debug.so auth={result}\naccount required pam_permit.so");
        IOException problem = await Assert.ThrowsAsync<IOException>(() => VerifyAsync(users, "secret"));
        Assert.DoesNotContain("secret", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_thread_sleeps_after_a_wrong_password()
    {
        RequirePam();
        // PAM would sleep for some minutes, and the check would be given up with an error.
        using SystemUserDirectory users = Open(service: "auth optional pam_faildelay.so delay=300000000\nauth required pam_deny.so\naccount required pam_permit.so");
        Assert.False(await VerifyAsync(users, "x"));
    }

    [Fact]
    public async Task Modules_that_hang_keep_their_threads_and_nobody_waits_longer_than_he_may()
    {
        RequirePam();
        ManualTimeProvider clock = new(DateTimeOffset.UnixEpoch);
        SystemUserDirectory users = Open(o => o with { ThreadsMax = 1 }, clock: clock);
        WriteScript($"cat >/dev/null; while [ ! -e {_folder}/go ]; do sleep 0.1; done");
        StoredAccount found = (await users.FindByLoginAsync("daemon", Stop))!;

        Task<bool> hanging = found.Verifier!.VerifyAsync("x"u8.ToArray(), Stop).AsTask();
        Task<bool> waiting = found.Verifier!.VerifyAsync("x"u8.ToArray(), Stop).AsTask();
        clock.Advance(TimeSpan.FromSeconds(31));
        await Assert.ThrowsAsync<IOException>(() => hanging);
        await Assert.ThrowsAsync<IOException>(() => waiting);

        await File.WriteAllTextAsync(Path.Combine(_folder, "go"), "", Stop);
        Assert.True(await found.Verifier!.VerifyAsync("x"u8.ToArray(), Stop)); // The thread is free again.
        users.Dispose();
    }

    [Fact]
    public void A_missing_service_is_a_problem_that_is_named()
    {
        RequirePam();
        using SystemUserDirectory users = Open(o => o with { Service = "absent" });
        Assert.Contains(Path.Combine(_folder, "absent"), users.FindProblem(), StringComparison.Ordinal);
        using SystemUserDirectory good = Open();
        Assert.Null(good.FindProblem());
    }

    private static void RequirePam() => Assert.SkipUnless(PosixPam.IsAvailable && PosixPam.HasFolders, "libpam.so.0 of Linux-PAM 1.4 or later is not installed");

    private static async Task<bool> VerifyAsync(SystemUserDirectory users, string password)
    {
        StoredAccount? found = await users.FindByLoginAsync("daemon", Stop);
        Assert.Equal(StoredCredential.NoPassword, found?.Credential);
        return await found!.Verifier!.VerifyAsync(Encoding.UTF8.GetBytes(password), Stop);
    }

    private SystemUserDirectory Open(Func<SystemUserOptions, SystemUserOptions>? change = null, string? service = null, TimeProvider? clock = null)
    {
        File.WriteAllText(
            Path.Combine(_folder, "mail"), (service ?? $"auth required pam_exec.so expose_authtok quiet {_folder}/check\naccount required pam_permit.so") + "\n");
        SystemUserOptions options = new()
        {
            Service = "mail",
            ServiceFolder = _folder,
            UserIdMin = 1,
            DefaultDomains = ["example.test", "other.test"],
        };
        return new SystemUserDirectory(change?.Invoke(options) ?? options, clock ?? TimeProvider.System);
    }

    private void WriteScript(string script) => ExecutableScript.Write(Path.Combine(_folder, "check"), script);
}
