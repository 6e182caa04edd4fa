using System.CommandLine;
using System.Net;
using MailAccess.Dns;
using MailAccess.Queue;
using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Server.Logging;
using MailAccess.Smtp;
using MailAccess.Tables;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Cli;

/// <summary>
/// mailaccess explain: where mail to an address would go, and which file and line say so; or what became of a message. Needs no running server.
/// </summary>
internal static class ExplainCommand
{
    /// <param name="input">A log, for --message; null: a terminal.</param>
    /// <param name="output">For answers.</param>
    /// <param name="errors">For what is wrong.</param>
    /// <param name="clock">For ages.</param>
    public static Command Create(TextReader? input, TextWriter output, TextWriter errors, TimeProvider clock)
    {
        Argument<string?> address = new("address") { Description = "The recipient", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> message = new("--message")
        {
            Description = "Instead of an address, a message: its life from the log. A queue id, or a Message-ID in angle brackets.",
            HelpName = "ID",
        };
        Option<string?> logFile = new("--log") { Description = "The log to read for --message (default: log.file, else the standard input; then history and queue)", HelpName = "FILE" };
        Option<string?> from = new("--from") { Description = "The sender (default: <>, nobody), and what becomes of its address in mail of our own clients", HelpName = "SENDER" };
        Option<string?> client = new("--client") { Description = "The client's IP address: may it send there?", HelpName = "IP" };
        Option<bool> json = new("--json") { Description = "For programs" };
        Option<string> config = CommonOptions.Config();
        Command command = new(
            "explain", "Where mail to an address goes: each step with the file and line that decided, down to hosts and TLS. Exit code 1: refused; 75: not now. Or, with --message, what became of a message.")
        {
            address, from, client, json, message, logFile, config,
        };
        command.Validators.Add(given =>
        {
            bool isMessage = given.GetResult(message) is not null;
            if (isMessage == given.GetResult(address) is { Tokens.Count: > 0 })
            {
                given.AddError("either an address or --message");
            }
            else if (isMessage && (given.GetResult(from) ?? given.GetResult(client) ?? given.GetResult(json)) is { Implicit: false })
            {
                given.AddError("--from, --client and --json are for addresses");
            }
            else if (!isMessage && given.GetResult(logFile) is not null)
            {
                given.AddError("--log is for --message");
            }
        });
        command.SetAction(async (arguments, stop) =>
        {
            if (arguments.GetValue(message) is { } id)
            {
                MessageExplainer explainer = new(id, output, errors, clock);
                return arguments.GetValue(logFile) is { } file ? await explainer.FromLogAsync(file, stop)
                    : CommonOptions.Load(arguments.GetValue(config)!, errors) is { } known ? await explainer.FromConfigurationAsync(known, input, stop)
                    : ExitCodes.Configuration;
            }
            if (!MailPath.TryParse(arguments.GetValue(address)!, out MailPath? recipient))
            {
                await errors.WriteLineAsync($"mailaccess: \"{arguments.GetValue(address)}\" is no mail address");
                return ExitCodes.Usage;
            }
            MailPath? sender = MailPath.Null;
            string? given = arguments.GetValue(from);
            if (given is not (null or "" or "<>") && !MailPath.TryParse(given, out sender))
            {
                await errors.WriteLineAsync($"mailaccess: \"{given}\" is no mail address");
                return ExitCodes.Usage;
            }
            IPAddress? network = null;
            if (arguments.GetValue(client) is { } text && !IPAddress.TryParse(text, out network))
            {
                await errors.WriteLineAsync($"mailaccess: \"{text}\" is no IP address");
                return ExitCodes.Usage;
            }
            if (CommonOptions.Load(arguments.GetValue(config)!, errors) is not { } configuration)
            {
                return ExitCodes.Configuration;
            }
            RoutingRequest request = new() { Recipient = recipient, ReversePath = sender, Explain = true };
            using LineLoggerProvider log = new(configuration.Log with { Level = LogLevel.Error, File = null }, TimeProvider.System);
            using LineLoggerFactory loggers = new(log);
            using StubResolver resolver = QueueSetup.CreateResolver(configuration.Queue, TimeProvider.System, loggers);
            ExplainFormat format = arguments.GetValue(json) ? ExplainFormat.Json : ExplainFormat.Table;
            return await RunAsync(configuration, request, network, resolver, loggers, format, output, errors, stop);
        });
        return command;
    }

    /// <summary>The answer, written; the exit code.</summary>
    internal static async Task<int> RunAsync(
        ServerConfiguration configuration, RoutingRequest request, IPAddress? client, IResolver resolver, ILoggerFactory loggers, ExplainFormat format,
        TextWriter output, TextWriter errors, CancellationToken stop)
    {
        using AccountSources sources = new(configuration, TimeProvider.System, loggers);
        await using TableOpener tables = RoutingSetup.CreateTables(TimeProvider.System, loggers);
        List<string> problems = [];
        string? postmaster = null;
        try
        {
            postmaster = await AccountSource.PostmasterAsync(configuration, sources);
        }
        catch (IOException unavailable)
        {
            await errors.WriteLineAsync($"mailaccess: accounts: {unavailable.Message}"); // Mail for all but postmaster can be explained without.
        }
        RoutingOptions options = RoutingSetup.CreateOptions(configuration, postmaster, tables, new MailExchangers(resolver, configuration.HostName), problems);
        AccountAddresses addresses = new(configuration.Domains, sources.All);
        MessageRewriting? rewriting = RewritingSetup.Create(configuration, addresses, tables, loggers, problems);
        QueueOptions queue = QueueSetup.CreateOptions(configuration, rewriting, tables, resolver, TimeProvider.System, loggers, problems);
        using IDisposable? fetcher = queue.PolicyFetcher as IDisposable;
        if (problems.Count > 0)
        {
            problems.ForEach(p => errors.WriteLine($"mailaccess: {p}"));
            return ExitCodes.Configuration;
        }
        MailRouter router = new(options, addresses, loggers.CreateLogger<MailRouter>());
        Explanation explanation = await new Explainer(configuration, router, queue, resolver).ExplainAsync(request, client, stop);
        if (explanation.Recipients.Any(r => r.Recipient.Target is Target.Relay { Hop.Protocol: HopProtocol.Smtp })
            && RemoteTlsExplainer.KeptPolicies(queue) is { } kept && ReadableFolder.FindProblem(kept) is { } hidden)
        {
            await errors.WriteLineAsync($"mailaccess: {hidden}; MTA-STS policies that the server keeps there do not count in this answer");
        }
        await output.WriteAsync(format == ExplainFormat.Json ? ExplainJson.Write(explanation) : ExplainTable.Write(explanation));
        return explanation.ExitCode;
    }
}

/// <summary>How explanations are written.</summary>
internal enum ExplainFormat
{
    Table,
    Json,
}
