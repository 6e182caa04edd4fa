using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using MailAccess.Routing;
using MailAccess.Server.Hosting;
using MailAccess.Tables;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess lookup: what a table says of a key, and where it says so; what <c>postmap -q</c> is for.</summary>
internal static class LookupCommand
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="input">Where keys come from for <c>-</c>.</param>
    /// <param name="output">For answers.</param>
    /// <param name="errors">For what is wrong.</param>
    public static Command Create(TextReader input, TextWriter output, TextWriter errors)
    {
        Argument<string> table = new("table") { Description = "The table: hash:/etc/postfix/virtual, regexp:/etc/postfix/checks, the path of a text, or a key of the configuration that names tables: routing.virtualAliases." };
        Argument<string> key = new("key") { Description = "What is looked up; - reads keys from the standard input, one a line." };
        Option<bool> aliases = new("--aliases") { Description = "The text is written as aliases(5)." };
        Option<bool> list = new("--list") { Description = "The text is a list of names: local-host-names, mydestination." };
        Option<bool> json = new("--json") { Description = "An object of JSON for each key." };
        Option<string> config = CommonOptions.Config();
        Command command = new("lookup", "Looks a key up in a table. Exit code 0: found, 1: not found, 75: it cannot be told now, 78: there is no such table.") { table, key, aliases, list, json, config };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            string specification = arguments.GetValue(table)!;
            TableSyntax syntax = arguments.GetValue(aliases) ? TableSyntax.Aliases : arguments.GetValue(list) ? TableSyntax.List : TableSyntax.Map;
            await using TableOpener opener = new(new TableContext(TableLimits.Default, TimeProvider.System, NullLogger.Instance), RoutingSetup.TableTypes);
            List<string> problems = [];
            RoutingTables opened;
            if (ConfiguredTables.Keys.Contains(specification))
            {
                if (CommonOptions.Load(arguments.GetValue(config)!, errors) is not { } configuration)
                {
                    return ExitCodes.Configuration;
                }
                opened = ConfiguredTables.Open(specification, configuration, opener, problems);
                if (problems.Count == 0 && opened.Tables.Count == 0)
                {
                    problems.Add($"{specification} names no table");
                }
            }
            else
            {
                opened = opener.TryOpen(specification, syntax, out ILookUpTable? one, out string? error) ? new RoutingTables("", [one!]) : RoutingTables.None;
                problems.AddRange(error is null ? [] : [error]);
            }
            if (problems.Count > 0)
            {
                problems.ForEach(p => errors.WriteLine($"mailaccess: {p}"));
                return ExitCodes.Configuration;
            }
            bool isAsked = arguments.GetValue(key) != "-";
            IAsyncEnumerable<string> keys = isAsked ? new[] { arguments.GetValue(key)! }.ToAsyncEnumerable() : ReadKeysAsync(input);
            Answers answers = new(output, errors, arguments.GetValue(json), tellsKeys: !isAsked);
            await foreach (string asked in keys.WithCancellation(cancellationToken))
            {
                TableHit hit = await opened.FindAsync([asked], cancellationToken);
                await answers.WriteAsync(asked, hit.Table is null ? TableAnswer.NotFound : hit.Answer);
            }
            return answers.ExitCode;
        });
        return command;
    }

    private static async IAsyncEnumerable<string> ReadKeysAsync(TextReader input)
    {
        while (await input.ReadLineAsync() is { } line)
        {
            yield return line;
        }
    }

    /// <summary>Writes answers and remembers how the program ends: a failure counts more than a find, a find more than none.</summary>
    private sealed class Answers(TextWriter output, TextWriter errors, bool json, bool tellsKeys)
    {
        public int ExitCode { get; private set; } = ExitCodes.NotFound;

        public async Task WriteAsync(string key, TableAnswer answer)
        {
            ExitCode = answer.Outcome == LookUpOutcome.Failed ? ExitCodes.TemporaryFailure
                : answer.Outcome == LookUpOutcome.Found && ExitCode == ExitCodes.NotFound ? ExitCodes.Ok
                : ExitCode;
            if (json)
            {
                string outcome = answer.Outcome switch { LookUpOutcome.Found => "found", LookUpOutcome.NotFound => "notFound", _ => "failed" };
                await output.WriteLineAsync(JsonSerializer.Serialize(
                    new { key, outcome, value = answer.Value, source = answer.Place?.Source, line = answer.Place is { Line: > 0 } place ? place.Line : (int?)null, error = answer.Error }, Json));
            }
            else if (answer.Outcome == LookUpOutcome.Found)
            {
                await output.WriteLineAsync($"{(tellsKeys ? $"{key}\t" : "")}{answer.Value}\t{answer.Place}");
            }
            else if (answer.Outcome == LookUpOutcome.Failed)
            {
                await errors.WriteLineAsync($"mailaccess: {key}: {answer.Error}");
            }
        }
    }
}
