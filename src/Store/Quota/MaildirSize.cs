using System.Globalization;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Maildir;

namespace MailAccess.Store.Quota;

/// <summary>
/// <c>maildirsize</c> of Maildir++, kept true for the other programs that go by it (Courier, maildrop, Dovecot): its first line is the limit, each
/// further line what came or went. We write it where it exists, and where we have a limit ourselves.
/// </summary>
/// <remarks>
/// It counts as Maildir++ says, whatever our own rules are, so that all agree: octets of the files, all folders but <c>.Trash</c>. Our own
/// counts do not come from here. <see cref="Note"/> is called by commits; everything else on workers.
/// </remarks>
internal sealed class MaildirSize(MaildirStore store, string root)
{
    /// <summary>From here on it is counted anew, as Maildir++ has it.</summary>
    public const int OctetsMax = 5120;

    private const string FileName = "maildirsize";
    private const int LineOctets = 14;
    private const int AttemptsMax = 3;

    private readonly Lock _gate = new();
    private readonly Lock _writing = new();
    private QuotaAmount _owed;
    private long _noted;
    private bool _isInDoubt;
    private long? _failedAt;
    private QuotaLimit _limit;

    /// <summary>The limit that stood in the file when it was last read.</summary>
    public QuotaLimit Limit
    {
        get
        {
            lock (_gate)
            {
                return _limit;
            }
        }
    }

    private string Path => System.IO.Path.Combine(root, FileName);

    /// <summary>Once, before anything else: what others have left there.</summary>
    public void Load() => Read(ReadStart());

    /// <summary>Another program has come or gone without a word, or we were killed: it is counted anew at the next opportunity.</summary>
    public void Doubt()
    {
        lock (_gate)
        {
            _isInDoubt = true;
        }
    }

    /// <summary>A commit of ours brought or took these files of this folder.</summary>
    public void Note(string folderName, IEnumerable<(string BaseName, long Octets)> placed, IEnumerable<(string BaseName, long Octets)> removed)
    {
        if (folderName == ".Trash")
        {
            return;
        }
        QuotaAmount change = Sum(placed) - Sum(removed);
        lock (_gate)
        {
            _owed += change;
            _noted++;
        }
    }

    /// <summary>There is something to write, or nobody has looked yet.</summary>
    public bool IsDue(QuotaLimit limit)
    {
        lock (_gate)
        {
            bool isPausing = _failedAt is { } at && store.Clock.GetElapsedTime(at) < store.Limits.QuotaRefusalCountInterval;
            return !isPausing && (_owed != default || _isInDoubt || (!limit.IsNone && limit != _limit));
        }
    }

    /// <summary>Writes what is owed: a line, or the whole file anew where that is due.</summary>
    /// <param name="limit">Ours; none: what stands there holds.</param>
    /// <param name="payAll">Puts into place what commits still owe to the folders.</param>
    public void Write(QuotaLimit limit, Action payAll)
    {
        try
        {
            WriteOwed(limit, payAll);
        }
        catch (FileFault)
        {
            lock (_gate)
            {
                _isInDoubt = true; // What was owed is found by counting, some time later.
                _failedAt = store.Clock.GetTimestamp();
            }
            throw;
        }
    }

    /// <summary>During recovery: counts anew what is there.</summary>
    public void Recalculate()
    {
        Load();
        Doubt();
        Write(default, static () => { });
    }

    /// <summary>The definition: <c>10000000S,1000C</c>. Kinds that we do not know are passed over.</summary>
    public static QuotaLimit ParseDefinition(ReadOnlySpan<char> line)
    {
        long? octets = null;
        long? messages = null;
        foreach (Range range in line.Split(','))
        {
            ReadOnlySpan<char> part = line[range].Trim();
            if (part.Length > 1 && long.TryParse(part[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                // 0 is how some say that there is no limit.
                octets = part[^1] == 'S' && number > 0 ? number : octets;
                messages = part[^1] == 'C' && number > 0 ? number : messages;
            }
        }
        return new QuotaLimit(octets, messages);
    }

    /// <summary>The inverse.</summary>
    public static string FormatDefinition(QuotaLimit limit)
    {
        List<string> parts = [];
        if (limit.Octets is { } octets)
        {
            parts.Add(octets.ToString(CultureInfo.InvariantCulture) + "S");
        }
        if (limit.Messages is { } messages)
        {
            parts.Add(messages.ToString(CultureInfo.InvariantCulture) + "C");
        }
        return string.Join(',', parts);
    }

    private void WriteOwed(QuotaLimit limit, Action payAll)
    {
        lock (_writing)
        {
            QuotaAmount owed;
            bool isInDoubt;
            lock (_gate)
            {
                _failedAt = null;
                owed = _owed;
                isInDoubt = _isInDoubt;
                _owed = default;
            }
            byte[]? content = ReadStart();
            Read(content);
            if (content is null && limit.IsNone)
            {
                lock (_gate)
                {
                    _isInDoubt = false; // Nobody wants it.
                }
                return;
            }
            bool isDue = content is null || isInDoubt || content.Length + LineOctets > OctetsMax || (!limit.IsNone && limit != Limit);
            if (isDue || !TryAdd(owed))
            {
                Recalculate(limit.IsNone ? Limit : limit, payAll);
            }
        }
    }

    private static QuotaAmount Sum(IEnumerable<(string BaseName, long Octets)> files)
    {
        QuotaAmount sum = default;
        foreach ((string baseName, long octets) in files)
        {
            long named = Maildir.FileName.SizeIn(baseName, 'S'); // What everybody who counts anew will read.
            sum += new QuotaAmount(named >= 0 ? named : octets, 1);
        }
        return sum;
    }

    private static byte[] Line(QuotaAmount amount)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{amount.Octets} {amount.Messages}");
        return Encoding.ASCII.GetBytes(line.PadRight(LineOctets - 1) + "\n");
    }

    /// <summary>As much as matters; null where it is missing, or no file.</summary>
    private byte[]? ReadStart()
    {
        if (!store.Files.TryStat(Path, out FileFacts facts) || facts.IsFolder)
        {
            return null;
        }
        using IFile? file = store.Files.Open(Path, OpenKind.Read);
        byte[] start = new byte[(int)Math.Min(facts.Octets, OctetsMax)];
        return file is null ? null : start[..file.Read(0, start)];
    }

    private void Read(byte[]? content)
    {
        int end = content.AsSpan().IndexOf((byte)'\n');
        QuotaLimit limit = ParseDefinition(end < 0 ? "" : Encoding.ASCII.GetString(content.AsSpan(0, end)));
        lock (_gate)
        {
            _limit = limit;
        }
    }

    /// <summary>Appended, so that others may append at the same time. False where it has gone.</summary>
    private bool TryAdd(QuotaAmount amount)
    {
        if (amount == default)
        {
            return true;
        }
        using IFile? file = store.Files.Open(Path, OpenKind.Append);
        file?.Write(0, Line(amount));
        return file is not null;
    }

    private void Recalculate(QuotaLimit limit, Action payAll)
    {
        string definition = FormatDefinition(limit);
        for (int attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            long noted;
            lock (_gate)
            {
                _owed = default; // Noted when it was owed to a folder; paid now, so it is counted there.
                noted = _noted;
                _limit = limit;
            }
            payAll();
            QuotaAmount sum = Count();
            string temporary = System.IO.Path.Combine(root, "tmp", store.UniqueNames.Next(0));
            using (IFile file = store.Files.Open(temporary, OpenKind.CreateNew)!)
            {
                byte[] first = Encoding.ASCII.GetBytes(definition + "\n");
                file.Write(0, first);
                file.Write(first.Length, Line(sum));
            }
            store.Files.Rename(temporary, Path);
            lock (_gate)
            {
                // What came meanwhile was counted, or was not: then once more. In a storm the next round does it.
                _isInDoubt = _noted != noted;
                if (!_isInDoubt)
                {
                    return;
                }
            }
        }
    }

    private QuotaAmount Count()
    {
        QuotaAmount sum = default;
        foreach (string folderName in (store.Files.List(root) ?? []).Where(f => f.Length > 1 && f[0] == '.' && f[1] != '.' && f != ".Trash").Append(""))
        {
            var folder = new MaildirFolder(store.Files, System.IO.Path.Combine(root, folderName));
            foreach ((string baseName, FoundFile file) in folder.Scan())
            {
                long octets = Maildir.FileName.SizeIn(baseName, 'S');
                if (octets < 0 && store.Files.TryStat(folder.Full(file.RelativePath), out FileFacts facts))
                {
                    octets = facts.Octets;
                }
                sum += octets < 0 ? default : new QuotaAmount(octets, 1);
            }
        }
        return sum;
    }
}
