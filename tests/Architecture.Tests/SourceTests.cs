using System.Text.RegularExpressions;
using MailAccess.Testing;

namespace MailAccess.Architecture.Tests;

/// <summary>Rules that a compiler does not know.</summary>
public sealed partial class SourceTests
{
    private const int FileLinesMax = 400;

    /// <summary>Files longer than that, with the lines they may have. The list may only shrink.</summary>
    private static readonly Dictionary<string, int> LongFiles = new()
    {
    };

    [Fact]
    public void Files_stay_short()
    {
        List<string> tooLong = [];
        foreach (string file in SourceFiles("src").Concat(SourceFiles("tests")))
        {
            string name = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/');
            int lines = File.ReadLines(file).Count();
            if (lines > LongFiles.GetValueOrDefault(name, FileLinesMax))
            {
                tooLong.Add($"{name} has {lines} lines");
            }
        }
        Assert.Empty(tooLong);
    }

    [Fact]
    public void Every_RFC_that_the_code_cites_has_a_row_in_the_documentation()
    {
        string table = File.ReadAllText(Path.Combine(Repository.Root, "docs", "rfc.md"));
        SortedSet<string> cited = [];
        foreach (string file in SourceFiles("src"))
        {
            foreach (Match match in Citation().Matches(File.ReadAllText(file)))
            {
                cited.Add(match.Groups[1].Value);
            }
        }
        Assert.NotEmpty(cited);
        string[] missing = [.. cited.Where(rfc => !table.Contains($"| {rfc} |", StringComparison.Ordinal))];
        Assert.Empty(missing);
    }

    [Fact]
    public void Nothing_unfinished_is_left_in_the_source()
    {
        List<string> found = [];
        foreach (string file in SourceFiles("src"))
        {
            int number = 0;
            foreach (string line in File.ReadLines(file))
            {
                number++;
                if (Unfinished().IsMatch(line))
                {
                    found.Add($"{Path.GetRelativePath(Repository.Root, file)}:{number}: {line.Trim()}");
                }
            }
        }
        Assert.Empty(found);
    }

    [Fact]
    public void Tests_do_not_sleep_and_are_not_switched_off()
    {
        List<string> found = [];
        foreach (string file in SourceFiles("tests").Where(f => Path.GetFileName(f) != "SourceTests.cs"))
        {
            int number = 0;
            foreach (string line in File.ReadLines(file))
            {
                number++;
                if (SleepOrSkip().IsMatch(line))
                {
                    found.Add($"{Path.GetRelativePath(Repository.Root, file)}:{number}: {line.Trim()}");
                }
            }
        }
        Assert.Empty(found);
    }

    [Fact]
    public void Pointers_and_native_calls_stay_in_the_files_that_are_meant_for_them()
    {
        string[] strays = [.. SourceFiles("src").Where(f => NativeCode().IsMatch(File.ReadAllText(f)))
            .Select(f => Path.GetFileName(f)).Where(n => !n.StartsWith("Posix", StringComparison.Ordinal) && !n.StartsWith("Crypt", StringComparison.Ordinal))];
        Assert.Empty(strays);
    }

    private static IEnumerable<string> SourceFiles(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/node_modules/", StringComparison.Ordinal));

    [GeneratedRegex(@"\bRFC (\d{3,5})\b")]
    private static partial Regex Citation();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"Thread\.Sleep|Skip\s*=\s*""|Task\.Delay\((?!.*(clock|Clock|TimeProvider))")]
    private static partial Regex SleepOrSkip();

    [GeneratedRegex(@"\[(DllImport|LibraryImport)|\bunsafe\b")]
    private static partial Regex NativeCode();
}
