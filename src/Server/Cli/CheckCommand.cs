using System.CommandLine;
using MailAccess.Auth;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Server.Logging;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess check: everything that can be known without starting.</summary>
internal static class CheckCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        Option<string> config = CommonOptions.Config();
        Command command = new("check", "Says what is wrong in the configuration, with file, line and key.") { config };
        command.SetAction(async (arguments, _) =>
        {
            string file = arguments.GetValue(config)!;
            ServerConfiguration? configuration = CommonOptions.Load(file, errors);
            if (configuration is null)
            {
                return ExitCodes.Configuration;
            }
            List<string> problems = [];
            List<string> notes = [];
            await LookAsync(configuration, problems, notes);
            problems.ForEach(p => errors.WriteLine($"{file}: {p}"));
            notes.ForEach(n => output.WriteLine($"note: {n}"));
            if (problems.Count > 0)
            {
                return ExitCodes.Configuration;
            }
            await output.WriteLineAsync($"{file}: good");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task LookAsync(ServerConfiguration configuration, List<string> problems, List<string> notes)
    {
        if (configuration.Certificates.Count == 0)
        {
            notes.Add("no certificate (tls.certificates): nobody can log in from another machine unless accounts.plaintextWithoutTls allows it");
        }
        else if (!TlsCertificates.TryLoad(
            [.. configuration.Certificates.Select(c => new Wire.CertificateFiles(c.Certificate, c.Key))], out TlsCertificates? certificates, out IReadOnlyList<string> errors))
        {
            problems.AddRange(errors.Select(e => $"tls.certificates: {e}"));
        }
        else if (certificates.NotAfter < TimeProvider.System.GetUtcNow().AddDays(14))
        {
            notes.Add($"a certificate expires at {certificates.NotAfter:u}");
        }
        if (configuration.ClientCertificates is { Authorities: { } authorities } clients
            && !ClientTrust.TryLoad(authorities, clients.Revocation, out _, out IReadOnlyList<string> faults))
        {
            problems.AddRange(faults.Select(e => $"tls.clientCertificates.authorities: {e}"));
        }
        if (configuration.OAuth is { } oauth)
        {
            OAuthSetup.ReadSecret(oauth, problems);
        }
        if (configuration.Domains.Count == 0)
        {
            notes.Add("no domain in \"domains\": no mail is accepted from other servers");
        }
        if (DescriptorLimit.Note(configuration.Limits.Connections, DescriptorLimit.Current) is { } few)
        {
            notes.Add(few);
        }
        await LookAtAccountsAsync(configuration, problems, notes);
    }

    private static async Task LookAtAccountsAsync(ServerConfiguration configuration, List<string> problems, List<string> notes)
    {
        if (!File.Exists(configuration.Accounts.PasswdFile))
        {
            notes.Add($"{configuration.Accounts.PasswdFile} does not exist yet: mailaccess user add NAME makes it");
            return;
        }
        using LineLoggerProvider log = new(configuration.Log with { Level = LogLevel.Warning, File = null }, TimeProvider.System);
        using LineLoggerFactory loggers = new(log);
        PasswdFile accounts = AccountSource.Open(configuration, TimeProvider.System, loggers);
        try
        {
            IReadOnlyList<Account> all = await accounts.ListAsync(CancellationToken.None);
            if (all.Count == 0)
            {
                notes.Add($"no account in {configuration.Accounts.PasswdFile}: mailaccess user add NAME");
            }
            if (configuration.Postmaster is { } postmaster && await accounts.FindByLoginAsync(postmaster, CancellationToken.None) is null)
            {
                problems.Add($"postmaster: there is no account \"{postmaster}\" in {configuration.Accounts.PasswdFile}");
            }
            problems.AddRange(await AccountSource.UnknownAccountsAsync(configuration, accounts));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            problems.Add($"accounts.passwdFile: {problem.Message}");
        }
    }
}
