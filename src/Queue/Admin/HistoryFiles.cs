using System.Globalization;

namespace MailAccess.Queue;

/// <summary>The files of the history: <c>day.number.kind</c>, of which the oldest go when they are too old or all together too large. Not thread-safe.</summary>
/// <remarks>Members throw <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>.</remarks>
internal sealed class HistoryFiles(string folder, int days, long octetsMax, TimeProvider clock)
{
    private const string DayFormat = "yyyy-MM-dd";

    /// <summary>How many parts there is room for; one of each kind is being written.</summary>
    private const int Parts = 16;

    /// <summary>Lines that are written at once. Their memory is kept: most often there is one, and a buffer for each would be the largest thing that a message costs.</summary>
    private const int WriteOctets = 64 * 1024;

    private readonly Dictionary<HistoryKind, FileStream> _open = [];
    private readonly Dictionary<HistoryKind, MemoryStream> _lines = [];
    private readonly Dictionary<HistoryKind, string> _current = [];
    private readonly long _partOctets = Math.Max(1, octetsMax / Parts);
    private string? _day;

    /// <summary>The paths, oldest first; none where there is no folder.</summary>
    public static IEnumerable<string> List(string folder, string suffix)
    {
        try
        {
            // Whether the folder exists is not asked before: one that is not for us would seem to be missing.
            return [.. Directory.EnumerateFiles(folder, "*" + suffix).Where(f => TryParseDay(f, out _)).Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    public static bool TryParseDay(string file, out DateTime day)
    {
        string name = Path.GetFileName(file);
        return DateTime.TryParseExact(
            name[..Math.Min(DayFormat.Length, name.Length)], DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out day);
    }

    public static string SuffixOf(HistoryKind kind) => kind == HistoryKind.Finished ? ".deliveries" : ".attempts";

    /// <summary>May stay in memory until <see cref="Close"/>.</summary>
    public void Append(HistoryKind kind, ReadOnlySpan<byte> line)
    {
        string day = clock.GetUtcNow().UtcDateTime.ToString(DayFormat, CultureInfo.InvariantCulture);
        if (day != _day || (_open.TryGetValue(kind, out FileStream? full) && full.Position + _lines[kind].Length >= _partOctets))
        {
            Close();
            Sweep();
            _current.Clear();
            _day = day;
        }
        if (!_open.TryGetValue(kind, out FileStream? file))
        {
            _open[kind] = file = Open(kind, day);
            _lines.TryAdd(kind, new MemoryStream());
        }
        MemoryStream lines = _lines[kind];
        lines.Write(line);
        lines.Write("\n"u8);
        if (lines.Length >= WriteOctets)
        {
            Write(file, lines);
        }
    }

    /// <summary>What was appended can be read.</summary>
    public void Close()
    {
        try
        {
            foreach ((HistoryKind kind, FileStream file) in _open)
            {
                Write(file, _lines[kind]);
            }
        }
        finally
        {
            foreach ((HistoryKind kind, FileStream file) in _open)
            {
                file.Dispose();
                _lines[kind].SetLength(0); // What could not be written is not tried again.
            }
            _open.Clear();
        }
    }

    private static void Write(FileStream file, MemoryStream lines)
    {
        file.Write(lines.GetBuffer().AsSpan(0, (int)lines.Length));
        lines.SetLength(0);
    }

    private FileStream Open(HistoryKind kind, string day)
    {
        if (!_current.TryGetValue(kind, out string? path))
        {
            string? last = List(folder, SuffixOf(kind)).LastOrDefault(f => Path.GetFileName(f).StartsWith(day + ".", StringComparison.Ordinal));
            bool isFull = last is not null && new FileInfo(last).Length >= _partOctets;
            path = last is not null && !isFull ? last : Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{day}.{NumberOf(last) + 1:D6}{SuffixOf(kind)}"));
            _current[kind] = path;
        }
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        FileStream file = new(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        EndTornLine(file);
        return file;
    }

    private static int NumberOf(string? path)
    {
        string[] words = Path.GetFileName(path ?? "").Split('.');
        return words.Length == 3 && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
    }

    // A line that a crash has cut off must not take the next one along.
    private static void EndTornLine(FileStream file)
    {
        if (file.Length > 0)
        {
            file.Seek(-1, SeekOrigin.End);
            if (file.ReadByte() != '\n')
            {
                file.Write("\n"u8);
            }
        }
    }

    private void Sweep()
    {
        DateTime oldest = clock.GetUtcNow().UtcDateTime.Date.AddDays(-days);
        List<FileInfo> files = [.. List(folder, "").Select(f => new FileInfo(f))];
        long octets = files.Sum(f => f.Length);
        foreach (FileInfo file in files)
        {
            if (TryParseDay(file.Name, out DateTime day) && (day < oldest || octets > octetsMax - (2 * _partOctets)))
            {
                octets -= file.Length;
                file.Delete();
            }
        }
    }
}
