using System.Text;
using MailAccess.Tables.Files;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Routing;

/// <summary>A .forward.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Content">What it says; null where it is not honoured.</param>
/// <param name="User">The system's user whose rights its commands have; null: there is none, and they may not run.</param>
/// <param name="Problem">Why it is not honoured.</param>
internal sealed record ForwardFile(string Path, string? Content, string? User, string? Problem);

/// <summary>
/// Reads <c>~/.forward+detail</c>, else <c>~/.forward</c>. One that others could have written is not honoured: mail then goes where it goes without.
/// </summary>
internal sealed class ForwardFiles(RoutingLimits limits)
{
    public const string StageName = ".forward";

    /// <summary>The user's, or null; throws <see cref="IOException"/> where it cannot be read now.</summary>
    public ForwardFile? Read(string home, string? detail)
    {
        // The detail is a stranger's word: it names a file of the home folder, or none.
        bool isName = detail is { Length: > 0 } && !detail.Contains('/', StringComparison.Ordinal) && !detail.Contains('\0', StringComparison.Ordinal);
        return (isName ? ReadFile(home, $".forward+{detail}") : null) ?? ReadFile(home, ".forward");
    }

    private ForwardFile? ReadFile(string home, string name)
    {
        string path = Path.Combine(home, name);
        if (Encoding.UTF8.GetByteCount(name) > 255)
        {
            return null;
        }
        using SafeFileHandle? file = PosixFile.Open(path);
        if (file is null)
        {
            return null;
        }
        FileFacts facts = PosixFile.Read(file);
        using SafeFileHandle? folder = PosixFile.Open(home);
        uint owner = folder is null ? facts.Owner : PosixFile.Read(folder).Owner;
        // One of root's may be there for the user; a link to one that he may not read would show him what is in it, in reports of failures.
        string? problem = !facts.IsRegular ? "it is no file"
            : facts.Owner != owner && !(facts.Owner == 0 && facts.IsForEverybody) ? "it belongs to somebody else than the home folder"
            : facts.IsForOthersToWrite ? "others than its owner may write to it"
            : RandomAccess.GetLength(file) > limits.ForwardOctetsMax ? $"it has more than {limits.ForwardOctetsMax} octets"
            : null;
        if (problem is not null)
        {
            return new ForwardFile(path, null, null, problem);
        }
        string content = Encoding.UTF8.GetString(PosixFile.ReadAll(file, Math.Min(RandomAccess.GetLength(file), limits.ForwardOctetsMax)));
        return new ForwardFile(path, content, PosixUsers.NameOf(owner), null);
    }
}
