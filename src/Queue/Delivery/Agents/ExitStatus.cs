using System.Globalization;
using System.Text;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>What a program's end says to the sender: exit codes by <c>sysexits.h</c>, with the enhanced codes that Postfix gives them.</summary>
internal static class ExitStatus
{
    /// <summary>By the shell: it may not be executed, or is no program.</summary>
    public const int CannotBeRun = 126;

    /// <summary>By the shell: it, or the interpreter that it names, is not there.</summary>
    public const int NotFound = 127;

    private const int FirstSignal = 128;
    private const int LastSignal = 128 + 64;

    private static readonly (int Status, EnhancedCode Code, string Text)[] Known =
    [
        (64, new(5, 3, 0), "wrong usage of the command"),       // EX_USAGE
        (65, new(5, 6, 0), "the data is not as it must be"),    // EX_DATAERR
        (66, new(5, 3, 0), "an input cannot be opened"),        // EX_NOINPUT
        (67, new(5, 1, 1), "unknown user"),                     // EX_NOUSER
        (68, new(5, 1, 2), "unknown host"),                     // EX_NOHOST
        (69, new(5, 3, 0), "a service is not available"),       // EX_UNAVAILABLE
        (70, new(5, 3, 0), "an error in the program"),          // EX_SOFTWARE
        (71, new(4, 3, 0), "an error of the system"),           // EX_OSERR
        (72, new(5, 3, 0), "a file of the system is missing"),  // EX_OSFILE
        (73, new(5, 2, 0), "a file cannot be made"),            // EX_CANTCREAT
        (74, new(5, 3, 0), "an error of input or output"),      // EX_IOERR
        (75, new(4, 3, 0), "temporary failure"),                // EX_TEMPFAIL
        (76, new(5, 5, 0), "an error of the other side"),       // EX_PROTOCOL
        (77, new(5, 7, 0), "not permitted"),                    // EX_NOPERM
        (78, new(5, 3, 5), "wrong configuration"),              // EX_CONFIG
        (CannotBeRun, new(5, 3, 0), "the command cannot be run"),
        (NotFound, new(5, 3, 0), "the command was not found"),
    ];

    /// <summary>The reply for a program that ended by itself or by a signal.</summary>
    /// <param name="status">As shells count: 128 and the signal where one ended it.</param>
    /// <param name="output">The beginning of what it said.</param>
    /// <param name="delivered">The text where all went well.</param>
    public static SmtpReply ToReply(int status, ReadOnlySpan<byte> output, string delivered)
    {
        string said = Printable(output);
        if (status == 0)
        {
            return new SmtpReply(250, new(2, 0, 0), said.Length == 0 ? delivered : $"{delivered} ({said})");
        }
        if (status is > FirstSignal and <= LastSignal)
        {
            return Temporary(new(4, 3, 0), string.Create(CultureInfo.InvariantCulture, $"the command was ended by signal {status - FirstSignal}"), said);
        }
        int known = Array.FindIndex(Known, k => k.Status == status);
        EnhancedCode code = known < 0 ? new(5, 3, 0) : Known[known].Code;
        // What the program itself says counts more than its exit code, as with Postfix.
        if (TryReadCode(said, out EnhancedCode own, out string rest))
        {
            code = own;
            said = rest;
        }
        string text = string.Create(CultureInfo.InvariantCulture, $"{(known < 0 ? "the command failed" : Known[known].Text)} (exit status {status})");
        return code.Class == 4 ? Temporary(code, text, said) : new SmtpReply(BasicCode(code), code, WithOutput(text, said));
    }

    /// <summary>The reply of a run that came to no end of its own.</summary>
    public static SmtpReply Temporary(EnhancedCode code, string text, string said) => new(451, code, WithOutput(text, said));

    /// <summary>One line of ASCII without controls; spaces run together.</summary>
    public static string Printable(ReadOnlySpan<byte> output)
    {
        StringBuilder text = new(output.Length);
        foreach (byte octet in output)
        {
            bool isSpace = octet is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
            if (!isSpace)
            {
                text.Append(octet is > 0x20 and < 0x7F ? (char)octet : '?');
            }
            else if (text.Length > 0 && text[^1] != ' ')
            {
                text.Append(' ');
            }
        }
        return text.ToString().TrimEnd();
    }

    private static string WithOutput(string text, string said) => said.Length == 0 ? text : $"{text}. Command output: {said}";

    // RFC 3463 §2: class "." subject "." detail; only failures, for the exit code says that it is one.
    private static bool TryReadCode(string said, out EnhancedCode code, out string rest)
    {
        int end = said.IndexOf(' ', StringComparison.Ordinal);
        string[] numbers = (end < 0 ? said : said[..end]).Split('.');
        rest = end < 0 ? "" : said[(end + 1)..];
        code = default;
        if (numbers.Length != 3 || numbers[0] is not ("4" or "5") || !TryReadNumber(numbers[1], out int subject) || !TryReadNumber(numbers[2], out int detail))
        {
            return false;
        }
        code = new EnhancedCode(numbers[0][0] - '0', subject, detail);
        return true;
    }

    private static bool TryReadNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && text.Length <= 3;

    private static int BasicCode(EnhancedCode code) => code.Subject switch
    {
        1 or 7 => 550,
        2 => 552,
        _ => 554,
    };
}
