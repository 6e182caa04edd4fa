using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MailAccess.Queue;

/// <summary>A macro of a program's arguments.</summary>
internal enum AgentMacro
{
    Sender,
    Recipient,
    OriginalRecipient,
    User,
    Mailbox,
    Extension,
    Domain,
    NextHop,
    Size,
    QueueId,
    ClientAddress,
    ClientHelo,
    ClientProtocol,
    SaslUserName,
}

/// <summary>
/// The arguments of a configured program, with macros as in Postfix's pipe(8): <c>$name</c>, <c>${name}</c> or <c>$(name)</c>; <c>$$</c> is a dollar.
/// An argument that holds a macro of the recipient stands once for each recipient.
/// </summary>
/// <remarks>The program is started without a shell: whatever an address holds stays inside its argument.</remarks>
public sealed class AgentCommandLine
{
    private static readonly Dictionary<string, AgentMacro> Macros = new(StringComparer.Ordinal)
    {
        ["sender"] = AgentMacro.Sender,
        ["recipient"] = AgentMacro.Recipient,
        ["original_recipient"] = AgentMacro.OriginalRecipient,
        ["user"] = AgentMacro.User,
        ["mailbox"] = AgentMacro.Mailbox,
        ["extension"] = AgentMacro.Extension,
        ["domain"] = AgentMacro.Domain,
        ["nexthop"] = AgentMacro.NextHop,
        ["size"] = AgentMacro.Size,
        ["queue_id"] = AgentMacro.QueueId,
        ["client_address"] = AgentMacro.ClientAddress,
        ["client_helo"] = AgentMacro.ClientHelo,
        ["client_protocol"] = AgentMacro.ClientProtocol,
        ["sasl_username"] = AgentMacro.SaslUserName,
    };

    private readonly IReadOnlyList<IReadOnlyList<Part>> _arguments;

    private AgentCommandLine(string program, IReadOnlyList<IReadOnlyList<Part>> arguments)
    {
        Program = program;
        _arguments = arguments;
    }

    /// <summary>The program's path.</summary>
    public string Program { get; }

    /// <summary>From configuration; where that cannot be, <paramref name="problem"/> says why.</summary>
    public static bool TryParse(IReadOnlyList<string> words, [NotNullWhen(true)] out AgentCommandLine? line, [NotNullWhen(false)] out string? problem)
    {
        line = null;
        problem = words.Count == 0 || !words[0].StartsWith('/') ? "must begin with the program's absolute path"
            : words[0].Contains('$', StringComparison.Ordinal) ? "must name its program without macros" : null;
        List<IReadOnlyList<Part>> arguments = [];
        for (int i = 1; i < words.Count && problem is null; i++)
        {
            if (TryParse(words[i], out List<Part> parts, out problem))
            {
                arguments.Add(parts);
            }
        }
        line = problem is null ? new AgentCommandLine(words[0], arguments) : null;
        return line is not null;
    }

    /// <summary>The arguments for these recipients. False: a value would be taken for an option, and <paramref name="hostile"/> is its macro.</summary>
    internal bool TryExpand(IReadOnlyList<AgentRecipientMacros> recipients, Func<AgentMacro, string> common, out List<string> arguments, out AgentMacro hostile)
    {
        arguments = [];
        foreach (IReadOnlyList<Part> parts in _arguments)
        {
            bool isPerRecipient = parts.Any(p => p.Macro is { } macro && AgentRecipientMacros.Has(macro));
            foreach (AgentRecipientMacros recipient in isPerRecipient ? recipients : recipients.Take(1))
            {
                if (!TryExpand(parts, recipient, common, out string argument, out hostile))
                {
                    return false;
                }
                // As pipe(8): without a name before its detail, a recipient has no argument here.
                if (argument.Length > 0 || !parts.Any(p => p.Macro == AgentMacro.User))
                {
                    arguments.Add(argument);
                }
            }
        }
        hostile = default;
        return true;
    }

    private static bool TryExpand(IReadOnlyList<Part> parts, AgentRecipientMacros recipient, Func<AgentMacro, string> common, out string argument, out AgentMacro hostile)
    {
        StringBuilder text = new();
        hostile = default;
        argument = "";
        foreach (Part part in parts)
        {
            string value = part.Macro is not { } macro ? part.Text : AgentRecipientMacros.Has(macro) ? recipient.ValueOf(macro) : common(macro);
            if (part.Macro is { } suspect && ((text.Length == 0 && value.StartsWith('-')) || value.Any(char.IsControl)))
            {
                hostile = suspect;
                return false;
            }
            text.Append(value);
        }
        argument = text.ToString();
        return true;
    }

    private static bool TryParse(string word, out List<Part> parts, [NotNullWhen(false)] out string? problem)
    {
        parts = [];
        problem = null;
        StringBuilder text = new();
        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] != '$')
            {
                text.Append(word[i]);
                continue;
            }
            char next = i + 1 < word.Length ? word[i + 1] : '\0';
            if (next == '$')
            {
                text.Append('$');
                i++;
                continue;
            }
            char close = next switch { '{' => '}', '(' => ')', _ => '\0' };
            int start = close == '\0' ? i + 1 : i + 2;
            int end = start;
            while (end < word.Length && (char.IsAsciiLetterLower(word[end]) || word[end] == '_'))
            {
                end++;
            }
            string name = word[start..end];
            if (!Macros.TryGetValue(name, out AgentMacro macro) || (close != '\0' && (end >= word.Length || word[end] != close)))
            {
                problem = $"has no macro ${name}; there are {string.Join(", ", Macros.Keys.Select(k => "$" + k))}, and $$ for a dollar";
                return false;
            }
            if (text.Length > 0)
            {
                parts.Add(new Part(text.ToString(), null));
                text.Clear();
            }
            parts.Add(new Part("", macro));
            i = close == '\0' ? end - 1 : end;
        }
        if (text.Length > 0 || parts.Count == 0)
        {
            parts.Add(new Part(text.ToString(), null));
        }
        return true;
    }

    private sealed record Part(string Text, AgentMacro? Macro);
}
