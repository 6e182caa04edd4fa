using System.Buffers;

namespace MailAccess.Queue;

/// <summary>A command line of an alias or a .forward as a program and its arguments.</summary>
internal static class CommandWords
{
    // As Postfix: with one of these a shell must read the line. It comes from the administrator or the user whose rights it gets, never from a message.
    private static readonly SearchValues<char> Magic = SearchValues.Create("!\"#$&'()*;<=>?[\\]^`{|}~\n\r");

    private static readonly string[] BuiltIns =
        [".", ":", "alias", "break", "cd", "command", "continue", "eval", "exec", "exit", "export", "getopts", "read", "readonly", "return", "set", "shift", "times", "trap", "ulimit", "umask", "unset", "wait", "if", "while", "until", "for", "case"];

    /// <summary>Empty where there is no command.</summary>
    public static IReadOnlyList<string> Of(string line)
    {
        string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        bool needsShell = line.AsSpan().ContainsAny(Magic) || (words.Length > 0 && Array.IndexOf(BuiltIns, words[0]) >= 0);
        return words.Length == 0 ? [] : needsShell ? ["/bin/sh", "-c", line] : words;
    }
}
