using System.Globalization;

namespace MailAccess.Server.Cli;

/// <summary>A line that tells how far something long has come; on a terminal only, where it can be written over.</summary>
internal sealed class ProgressLine(string what, TextWriter errors)
{
    private const int Width = 30;
    private readonly bool _isShown = !Console.IsErrorRedirected;
    private int _last = -1;

    public void Show(int done, int all)
    {
        int percent = all == 0 ? 100 : (int)(100L * done / all);
        if (!_isShown || percent == _last)
        {
            return;
        }
        _last = percent;
        string bar = new string('#', percent * Width / 100).PadRight(Width, '.');
        errors.Write(string.Create(CultureInfo.InvariantCulture, $"\r{what} [{bar}] {percent,3}% {done} of {all}"));
    }

    public void End()
    {
        if (_last >= 0)
        {
            errors.WriteLine();
        }
    }
}
