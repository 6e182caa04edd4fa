using System.CommandLine;
using MailAccess.Auth;
using MailAccess.Dns;
using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Server.Logging;
using MailAccess.Tables;
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
        await LookAtTablesAsync(configuration, problems, notes);
        await LookAtAccountsAsync(configuration, problems, notes);
    }

    private static async Task LookAtTablesAsync(ServerConfiguration configuration, List<string> problems, List<string> notes)
    {
        using LineLoggerProvider log = new(configuration.Log with { Level = LogLevel.Warning, File = null }, TimeProvider.System);
        using LineLoggerFactory loggers = new(log);
        using StubResolver resolver = QueueSetup.CreateResolver(configuration.Queue, TimeProvider.System, loggers);
        await using TableOpener tables = RoutingSetup.CreateTables(TimeProvider.System, loggers);
        int before = problems.Count;
        RoutingOptions options = RoutingSetup.CreateOptions(configuration, null, tables, new MailExchangers(resolver, configuration.HostName), problems);
        if (problems.Count == before)
        {
            using AccountSources sources = new(configuration, TimeProvider.System, loggers);
            AccountAddresses addresses = new(configuration.Domains, sources.All);
            NoteUnclaimed(await UnclaimedDomains.FindAsync(options, addresses, CancellationToken.None), hasDomainList: options.VirtualAliasDomains.Tables.Count > 0, notes);
        }
        foreach (string key in ConfiguredTables.Keys)
        {
            ConfiguredTables.Open(key, configuration, tables, problems);
        }
    }

    private static void NoteUnclaimed(IReadOnlyList<(string Domain, TablePlace Place)> domains, bool hasDomainList, List<string> notes)
    {
        const int toldMax = 10;
        foreach ((string domain, TablePlace place) in domains.Take(toldMax))
        {
            string line = hasDomainList ? "" : $", or give the table a line \"{domain} anything\"";
            notes.Add($"{place}: {domain} is no domain of this server, so mail of strangers for it is refused (relaying denied), although virtual aliases name it; "
                + $"if it is yours, name it in routing.virtualAliasDomains{line}");
        }
        if (domains.Count > toldMax)
        {
            notes.Add($"virtual aliases name {domains.Count - toldMax} more domains that are not of this server");
        }
    }

    private static async Task LookAtAccountsAsync(ServerConfiguration configuration, List<string> problems, List<string> notes)
    {
        bool hasPasswdFile = configuration.Accounts.Directories.HasPasswdFile;
        if (hasPasswdFile && !File.Exists(configuration.Accounts.PasswdFile))
        {
            notes.Add($"{configuration.Accounts.PasswdFile} does not exist yet: mailaccess user add NAME makes it");
            return;
        }
        if (!hasPasswdFile && configuration.Postmaster is null)
        {
            notes.Add("no postmaster: without a passwd file an account must be named that gets mail for postmaster (RFC 5321 §4.5.1)");
        }
        using LineLoggerProvider log = new(configuration.Log with { Level = LogLevel.Warning, File = null }, TimeProvider.System);
        using LineLoggerFactory loggers = new(log);
        using AccountSources sources = new(configuration, TimeProvider.System, loggers);
        int before = problems.Count;
        foreach (NamedSource source in sources.Sources)
        {
            if (await source.FindProblemAsync(CancellationToken.None) is { } problem)
            {
                problems.Add($"{source.Key}: {problem}");
            }
        }
        if (problems.Count > before)
        {
            return;
        }
        if (sources.PasswdFile is { } file && (await file.ListAsync(CancellationToken.None)).Count == 0)
        {
            notes.Add($"no account in {configuration.Accounts.PasswdFile}: mailaccess user add NAME");
        }
        try
        {
            problems.AddRange(await AccountSource.FindUnknownAsync(configuration, sources.All));
        }
        catch (IOException problem)
        {
            problems.Add($"accounts: {problem.Message}");
        }
    }
}
