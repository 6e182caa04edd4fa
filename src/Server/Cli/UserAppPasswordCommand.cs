using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using MailAccess.Auth;
using MailAccess.Auth.AppPasswords;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Server.Logging;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess user app-password add|list|remove: passwords for single programs and devices. A running server sees the change.</summary>
internal static class UserAppPasswordCommand
{
    private const string DateFormat = "yyyy-MM-dd";
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create(TextWriter output, TextWriter errors, TimeProvider clock)
    {
        return new Command("app-password", "Passwords for single programs and devices: add, list, remove.") { Add(), List(), Remove() };

        Command Add()
        {
            Argument<string> account = Account();
            Argument<string> name = Name();
            Option<string> protocols = new("--protocols")
            {
                Description = "Where it may be used, of imap, pop3 and submission, with commas between (default: everywhere)",
                HelpName = "LIST",
            };
            Option<string> expires = new("--expires")
            {
                Description = "When it ends: after a time, such as 90d or 12h, or at the beginning of a day (UTC), such as 2027-01-31 (default: never)",
                HelpName = "TIME",
            };
            Option<string> config = CommonOptions.Config();
            Command command = new("add", "Makes an app password and prints it, this once.") { account, name, protocols, expires, config };
            command.SetAction((arguments, stop) => RunAsync(arguments, config, errors, async configuration =>
            {
                DateTimeOffset? end = null;
                if (arguments.GetValue(expires) is { } text && !TryReadEnd(text, out end))
                {
                    return Say($"--expires: \"{text}\" is neither a time such as 90d nor a day such as 2027-01-31", ExitCodes.Usage);
                }
                string typed = arguments.GetValue(account)!;
                if (await CanonicalAsync(configuration, typed) is not { } canonical)
                {
                    return Say($"there is no account {typed}", ExitCodes.NoUser);
                }
                Directory.CreateDirectory(configuration.DataFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                string[] where = (arguments.GetValue(protocols) ?? "").ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                NewAppPassword made = await Editor(configuration).AddAsync(canonical, arguments.GetValue(name)!, where, end, stop);
                if (made.Problem is { } problem)
                {
                    return Say(problem, ExitCodes.CannotCreate);
                }
                await output.WriteLineAsync(made.Password);
                errors.WriteLine($"mailaccess: this password of {canonical} is not shown again; it works with PLAIN and LOGIN (\"normal password\"), not with SCRAM");
                return ExitCodes.Ok;
            }));
            return command;
        }

        Command List()
        {
            Argument<string?> account = new("account") { Description = "Only of this account", Arity = ArgumentArity.ZeroOrOne };
            Option<bool> json = new("--json") { Description = "As JSON, one object an app password and line" };
            Option<string> config = CommonOptions.Config();
            Command command = new("list", "Lists app passwords, with their last uses.") { account, json, config };
            command.SetAction((arguments, _) => RunAsync(arguments, config, errors, async configuration =>
            {
                string? typed = arguments.GetValue(account);
                string? only = typed is null ? null : await CanonicalAsync(configuration, typed) ?? typed;
                Func<AppPassword, AppPasswordUse?> uses = AppPasswordDesk.ReadUses(AccountSource.AppPasswordFile(configuration));
                foreach (AppPassword password in Editor(configuration).List().Where(p => only is null || p.Account == only))
                {
                    await output.WriteLineAsync(arguments.GetValue(json) ? Json(password, uses(password)) : Line(password, uses(password)));
                }
                return ExitCodes.Ok;
            }));
            return command;
        }

        Command Remove()
        {
            Argument<string> account = Account();
            Argument<string> name = Name();
            Option<string> config = CommonOptions.Config();
            Command command = new("remove", "Revokes an app password: the next login with it fails.") { account, name, config };
            command.SetAction((arguments, stop) => RunAsync(arguments, config, errors, async configuration =>
            {
                string typed = arguments.GetValue(account)!;
                string canonical = await CanonicalAsync(configuration, typed) ?? typed; // The account may be gone.
                return await Editor(configuration).RemoveAsync(canonical, arguments.GetValue(name)!, stop) is { } problem
                    ? Say(problem, ExitCodes.NoUser) : ExitCodes.Ok;
            }));
            return command;
        }

        bool TryReadEnd(string text, out DateTimeOffset? end)
        {
            end = null;
            if (ScalarTypes.Duration.TryRead(text, JsonTokenType.String, out TimeSpan time))
            {
                end = clock.GetUtcNow() + time;
            }
            else if (DateTimeOffset.TryParseExact(text, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset day))
            {
                end = day;
            }
            return end is not null;
        }

        AppPasswordEditor Editor(ServerConfiguration configuration) => new(AccountSource.AppPasswordFile(configuration), new AuthLimits(), clock);

        int Say(string problem, int code)
        {
            errors.WriteLine($"mailaccess: {problem}");
            return code;
        }

        async Task<string?> CanonicalAsync(ServerConfiguration configuration, string loginName)
        {
            using LineLoggerProvider log = new(configuration.Log with { Level = LogLevel.Warning, File = null }, clock);
            using LineLoggerFactory loggers = new(log);
            using AccountSources sources = new(configuration, clock, loggers);
            return (await sources.All.FindByLoginAsync(loginName, CancellationToken.None))?.Account.Name;
        }
    }

    private static Argument<string> Account() => new("account") { Description = "The account, usually an address: alice@example.org" };

    private static Argument<string> Name() => new("name") { Description = "What it is for: \"Alice's phone\"" };

    private static async Task<int> RunAsync(ParseResult arguments, Option<string> config, TextWriter errors, Func<ServerConfiguration, Task<int>> run)
    {
        if (CommonOptions.Load(arguments.GetValue(config)!, errors) is not { } configuration)
        {
            return ExitCodes.Configuration;
        }
        try
        {
            return await run(configuration);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            await errors.WriteLineAsync($"mailaccess: {failure.Message}");
            return ExitCodes.Unavailable;
        }
    }

    private static string Line(AppPassword password, AppPasswordUse? use) => string.Join(
        '\t', password.Account, password.Name, password.Protocols.Count > 0 ? string.Join(',', password.Protocols) : "everywhere",
        password.Expires is { } end ? $"until {Time(end)}" : "never ends",
        use is null ? "never used" : $"used {Time(use.Time)} {use.Protocol} {use.Address}");

    private static string Json(AppPassword password, AppPasswordUse? use)
    {
        using MemoryStream octets = new();
        using (Utf8JsonWriter json = new(octets, JsonOptions))
        {
            json.WriteStartObject();
            json.WriteString("account", password.Account);
            json.WriteString("name", password.Name);
            json.WriteStartArray("protocols");
            foreach (string protocol in password.Protocols.Count > 0 ? password.Protocols : AppPassword.KnownProtocols)
            {
                json.WriteStringValue(protocol);
            }
            json.WriteEndArray();
            json.WriteString("created", Time(password.Created));
            WriteTime(json, "expires", password.Expires);
            WriteTime(json, "lastUsed", use?.Time);
            json.WriteString("lastProtocol", use?.Protocol);
            json.WriteString("lastAddress", use?.Address.ToString());
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(octets.ToArray());
    }

    private static void WriteTime(Utf8JsonWriter json, string key, DateTimeOffset? time) => json.WriteString(key, time is { } known ? Time(known) : null);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
