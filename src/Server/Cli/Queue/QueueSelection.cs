using System.CommandLine;
using System.Text.Json;
using MailAccess.Queue;
using MailAccess.Server.Configuration;

namespace MailAccess.Server.Cli;

/// <summary>The words of a command line that say which messages are meant.</summary>
internal sealed class QueueSelection
{
    private readonly Argument<string[]> _ids = new("id") { Description = "Queue ids.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> _sender = new("--sender") { Description = "From this sender; * is any text, \"<>\" the null sender.", HelpName = "PATTERN" };
    private readonly Option<string?> _recipient = new("--recipient") { Description = "With this recipient, and not yet delivered to it; * is any text.", HelpName = "PATTERN" };
    private readonly Option<string?> _domain = new("--domain") { Description = "With a recipient in this domain, and not yet delivered to it; * is any text.", HelpName = "PATTERN" };
    private readonly Option<string?> _older = new("--older") { Description = "Came at least so long ago: 90m, 12h, 3d.", HelpName = "AGE" };
    private readonly Option<string?> _younger = new("--younger") { Description = "Came less long ago.", HelpName = "AGE" };
    private readonly Option<string?> _error = new("--error") { Description = "With this text in the last reply.", HelpName = "TEXT" };
    private readonly Option<string?> _state = new("--state") { Description = "Where it stands: active, deferred, hold or future.", HelpName = "STATE" };

    private Option<string?>[] Options => [_sender, _recipient, _domain, _older, _younger, _error, _state];

    /// <summary>Makes these words ones of the command's.</summary>
    public void AddTo(Command command)
    {
        command.Add(_ids);
        foreach (Option<string?> option in Options)
        {
            command.Add(option);
        }
    }

    /// <summary>Any of the words was said.</summary>
    public bool IsGiven(System.CommandLine.Parsing.CommandResult given) => (given.GetValue(_ids) ?? []).Length > 0 || Options.Any(o => given.GetValue(o) is not null);

    /// <summary>Null after what is wrong was written.</summary>
    public QueueFilter? Read(ParseResult arguments, TextWriter errors)
    {
        List<string> problems = [];
        QueueState? state = null;
        if (arguments.GetValue(_state) is { } word)
        {
            if (Enum.TryParse(word, ignoreCase: true, out QueueState known) && char.IsAsciiLetter(word[0]))
            {
                state = known;
            }
            else
            {
                problems.Add($"--state {word} is none of active, deferred, hold, future");
            }
        }
        QueueFilter filter = new()
        {
            Ids = arguments.GetValue(_ids) ?? [],
            Sender = arguments.GetValue(_sender),
            Recipient = arguments.GetValue(_recipient),
            Domain = arguments.GetValue(_domain),
            Older = ReadAge(_older),
            Younger = ReadAge(_younger),
            Error = arguments.GetValue(_error),
            State = state,
        };
        problems.ForEach(p => errors.WriteLine($"mailaccess: {p}"));
        return problems.Count == 0 ? filter : null;

        TimeSpan? ReadAge(Option<string?> option)
        {
            if (arguments.GetValue(option) is not { } text)
            {
                return null;
            }
            if (ScalarTypes.Duration.TryRead(text, JsonTokenType.String, out TimeSpan age))
            {
                return age;
            }
            problems.Add($"{option.Name} {text} is no duration such as 90m, 12h or 3d");
            return null;
        }
    }
}
