using System.Security.Cryptography;
using System.Text;

namespace MailAccess.Auth.History;

/// <summary>
/// The file of one account's logins: a line of JSON for each event. A line with the <c>first</c> and the kind of an earlier one takes its place: so
/// repeats are counted without writing anything twice over. A line that cannot be read is passed over.
/// </summary>
public static class LoginHistoryFile
{
    /// <summary>Octets from which on a file is written anew with what counts.</summary>
    internal const int OctetsMax = 256 << 10;

    /// <summary>Successes, and likewise failures, that a file keeps: guessers do not push out where the owner was.</summary>
    internal const int EntriesMax = 500;

    private const int NameMax = 180;

    /// <summary>The file of an account. Every name has one, in this folder, of its own.</summary>
    public static string PathOf(string folder, string account)
    {
        StringBuilder name = new();
        foreach (byte octet in Encoding.UTF8.GetBytes(account))
        {
            char c = (char)octet;
            bool isPlain = char.IsAsciiLetterOrDigit(c) || c is '@' or '_' or '+' or '-' || (c == '.' && name.Length > 0);
            _ = isPlain ? name.Append(c) : name.Append('%').Append(Convert.ToHexString([octet]));
        }
        if (name.Length > NameMax)
        {
            name.Length = NameMax / 2;
            name.Append('~').Append(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(account)).AsSpan(0, 16)));
        }
        return Path.Combine(folder, name + ".jsonl");
    }

    /// <summary>All events, in the order of their last time; none where there is no file. Other programs may read while the server writes.</summary>
    public static async Task<IReadOnlyList<LoginEvent>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        string[] lines;
        try
        {
            await using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using StreamReader reader = new(file, Encoding.UTF8);
            lines = (await reader.ReadToEndAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        Dictionary<object, LoginEvent> events = [];
        foreach (LoginEvent read in lines.Select(LoginEvent.Parse).OfType<LoginEvent>())
        {
            events[(read.First, read.Kind)] = read;
        }
        return [.. events.Values.OrderBy(e => e.Last)];
    }

    /// <summary>Adds lines; a file that has grown too big, or begins with what is too old, is replaced by one with what counts.</summary>
    internal static async Task AppendAsync(string path, IEnumerable<LoginEvent> events, DateTimeOffset oldest)
    {
        StringBuilder text = new();
        foreach (LoginEvent added in events)
        {
            text.Append(added.Format()).Append('\n');
        }
        bool hasOld;
        long length;
        await using (FileStream file = new(path, Options(FileMode.OpenOrCreate)))
        {
            if (file.Length > 0)
            {
                file.Seek(-1, SeekOrigin.End);
                if (file.ReadByte() != '\n')
                {
                    text.Insert(0, '\n'); // The last line was not written to its end: what comes now must not be lost with it.
                }
            }
            await file.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()));
            length = file.Length;
            hasOld = await BeginsBeforeAsync(file, oldest);
        }
        if (length > OctetsMax || hasOld)
        {
            await CompactAsync(path, oldest);
        }
    }

    private static async Task<bool> BeginsBeforeAsync(FileStream file, DateTimeOffset oldest)
    {
        byte[] beginning = new byte[1024]; // A line has some 200.
        file.Seek(0, SeekOrigin.Begin);
        int read = await file.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false);
        int end = Array.IndexOf(beginning, (byte)'\n', 0, read);
        return end > 0 && LoginEvent.Parse(Encoding.UTF8.GetString(beginning, 0, end)) is { } first && first.Last < oldest;
    }

    private static async Task CompactAsync(string path, DateTimeOffset oldest)
    {
        IReadOnlyList<LoginEvent> all = await ReadAsync(path, CancellationToken.None);
        IEnumerable<LoginEvent> kept = all.Where(e => e.Last >= oldest).GroupBy(e => e.Failure == AuthenticationFailure.None)
            .SelectMany(g => g.TakeLast(EntriesMax)).OrderBy(e => e.Last);
        string temporary = path + ".tmp";
        await using (FileStream file = new(temporary, Options(FileMode.Create)))
        {
            await file.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(kept.Select(e => e.Format() + "\n"))));
            file.Flush(flushToDisk: true); // Else a crash could leave an empty file in the place of the full one.
        }
        File.Move(temporary, path, overwrite: true);
    }

    private static FileStreamOptions Options(FileMode mode) => new()
    {
        Mode = mode,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite | FileShare.Delete,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };
}
