using System.Text;

namespace MailAccess.Auth.Sasl;

/// <summary>Who somebody says he is, and how he wants to prove it.</summary>
internal sealed record LoginAttempt(string Mechanism, string LoginName, AuthenticationContext Context)
{
    private const int ShownCharactersMax = 80;

    /// <summary>As whom he wants to act; empty: as himself. RFC 4422 §3.4.1.</summary>
    public string AuthorizationName { get; init; } = "";

    /// <summary>
    /// The login name for a log line that other programs match: bounded, and without anything that could end the field or the line.
    /// </summary>
    public string ShownName
    {
        get
        {
            StringBuilder shown = new();
            foreach (char c in LoginName.Length <= ShownCharactersMax ? LoginName : LoginName[..ShownCharactersMax])
            {
                bool isSafe = char.IsAscii(c)
                    ? c is > ' ' and < '\x7F' and not ('<' or '>' or '"')
                    : char.IsLetterOrDigit(c) && !char.IsSurrogate(c);
                shown.Append(isSafe ? c : '?');
            }
            return LoginName.Length <= ShownCharactersMax ? shown.ToString() : shown.Append('…').ToString();
        }
    }
}
