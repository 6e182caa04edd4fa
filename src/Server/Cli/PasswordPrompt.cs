using System.Text;

namespace MailAccess.Server.Cli;

/// <summary>Gets a new password without showing it, and never from the command line, where every user of the machine could read it.</summary>
internal static class PasswordPrompt
{
    /// <summary>The password in UTF-8; null, after saying why, where there is none.</summary>
    public static byte[]? Read(string account, bool fromInput, TextWriter errors)
    {
        if (fromInput || Console.IsInputRedirected)
        {
            string? line = Console.In.ReadLine();
            if (string.IsNullOrEmpty(line))
            {
                errors.WriteLine("mailaccess: no password on standard input");
                return null;
            }
            return Encoding.UTF8.GetBytes(line);
        }
        string first = Ask($"Password for {account}: ", errors);
        if (first.Length == 0)
        {
            errors.WriteLine("mailaccess: an empty password: nothing was changed");
            return null;
        }
        if (Ask("Again: ", errors) != first)
        {
            errors.WriteLine("mailaccess: the two differ: nothing was changed");
            return null;
        }
        return Encoding.UTF8.GetBytes(first);
    }

    private static string Ask(string prompt, TextWriter errors)
    {
        errors.Write(prompt);
        StringBuilder typed = new();
        while (true)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            if (key.Key == ConsoleKey.Enter)
            {
                errors.WriteLine();
                return typed.ToString();
            }
            if (key.Key == ConsoleKey.Backspace)
            {
                typed.Length = Math.Max(0, typed.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                typed.Append(key.KeyChar);
            }
        }
    }
}
