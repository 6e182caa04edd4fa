using System.CommandLine;
using MailAccess.Queue;
using MailAccess.Server.Configuration;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess queue rules: which mail is put on hold as it comes.</summary>
internal static class QueueRulesCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        Option<string> config = CommonOptions.Config();
        Option<string?> remove = new("--remove") { Description = "Removes this rule; what is on hold stays so.", HelpName = "RULE" };
        Option<bool> json = new("--json") { Description = "As JSON, one object a line." };
        Command command = new("rules", "Lists the rules that put mail on hold as it comes, or removes one.") { config, remove, json };
        command.SetAction((arguments, _) => Task.FromResult(Change(arguments.GetValue(config)!, errors, (file, rules) =>
        {
            if (arguments.GetValue(remove) is not { } text)
            {
                rules.ForEach(r => output.WriteLine(arguments.GetValue(json) ? QueueJson.Line(new QueueRule(r.Text)) : r.Text));
                return ExitCodes.Ok;
            }
            if (rules.RemoveAll(r => r.Text == text) == 0)
            {
                errors.WriteLine($"mailaccess: there is no rule \"{text}\"");
                return ExitCodes.DataError;
            }
            HoldRules.Write(file, rules);
            Tell(arguments.GetValue(json) ? output : null, text, QueueActionResult.Done);
            return ExitCodes.Ok;
        })));
        return command;
    }

    /// <summary>mailaccess queue hold --rule: from the next message on, whether the server runs or not.</summary>
    /// <param name="configuration">The configuration's file.</param>
    /// <param name="text">The rule.</param>
    /// <param name="json">Told as an object what came of it; null: nobody wants that.</param>
    /// <param name="errors">For what is wrong.</param>
    public static int Add(string configuration, string text, TextWriter? json, TextWriter errors) => Change(configuration, errors, (file, rules) =>
    {
        if (!HoldRule.TryParse(text, out HoldRule? rule, out string problem))
        {
            errors.WriteLine($"mailaccess: --rule: {problem}");
            return ExitCodes.Usage;
        }
        bool isThere = rules.Exists(r => r.Text == rule.Text);
        if (!isThere)
        {
            HoldRules.Write(file, [.. rules, rule]);
        }
        Tell(json, rule.Text, isThere ? QueueActionResult.Unchanged : QueueActionResult.Done);
        return ExitCodes.Ok;
    });

    private static void Tell(TextWriter? json, string rule, QueueActionResult result) => json?.WriteLine(QueueJson.Line(new QueueRule(rule, result)));

    private static int Change(string file, TextWriter errors, Func<string, List<HoldRule>, int> change)
    {
        if (CommonOptions.Load(file, errors) is not { } configuration)
        {
            return ExitCodes.Configuration;
        }
        try
        {
            string rules = Path.Combine(configuration.DataFolder, HoldRules.FileName);
            _ = Directory.EnumerateFiles(configuration.DataFolder, HoldRules.FileName).Any(); // Throws where the folder is not for us, in which every file seems to be missing.
            return change(rules, [.. HoldRules.Read(rules)]);
        }
        catch (DirectoryNotFoundException)
        {
            errors.WriteLine($"mailaccess: the data folder {configuration.DataFolder} is not there: has the server run yet?");
            return ExitCodes.Unavailable;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"mailaccess: {problem.Message}");
            return ExitCodes.Unavailable;
        }
    }
}
