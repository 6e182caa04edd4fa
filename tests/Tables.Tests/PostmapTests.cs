using System.Diagnostics;

namespace MailAccess.Tables.Tests;

/// <summary>The same tables and keys asked of Postfix's postmap(1), where it is installed.</summary>
public sealed class PostmapTests
{
    private const string Program = "/usr/sbin/postmap";

    public static TheoryData<string, string, string[]> Tables => new()
    {
        {
            "texthash",
            "# c\n\nkey value\n  more\n# inside\n\n   after a comment\n\"quoted key\" v2\n\"esc\\\"x y\" v3\nUPPER Case\ntab\tx y \nback\\ slash q\nplain\"q r\"@z w\nlast x",
            ["key", "quoted key", "\"quoted key\"", "\"esc\\\"x y\"", "upper", "UPPER", "tab", "back\\ slash", "plain\"q r\"@z", "last", "inside", "none"]
        },
        {
            "regexp",
            "/^a(.*)b$/ got $1 ${1} $(1) $$\n!/^z/i notz\n/Upper/i up\nif /^z/\n/zz(.)?(q)/  in [$1][$2]\nendif\nif !/^zz/\nif /y$/\n/z/ nested\nendif\nendif\n|pipe/x| pipe\n/esc\\/ape/ e\n/noresult/\n/f[\\.]g/ brack\n/^zh{,2}$/ hh\n/zm*?n/ mn\n/[[:digit:]]{3}/ 3d\n/z[]a]b/ b\n/zp**q/ pp\n/z[[:alnum:].-]+$/ an\n/^z\\(a\\)/x basic\n/(z)(1)?$/ [$1$2]\n",
            ["azzb", "zUpper", "Upper", "zzq", "zz!q", "zpipe/x", "zesc/ape", "znoresult", "zf\\g", "zf.g", "zhh", "zmn", "z123", "z]b", "zppq", "za", "z", "z1", "zxy", "zzxy", "", "b"]
        },
        {
            "cidr",
            "1.2.3.4 a\n1.2.3.0/24 b\nif 10.1.0.0/16\n10.1.2.0/24 in\nendif\nif !10.4.0.0/16\n10.0.0.0/8 rest\nendif\n[2001:db8::]/32 six\n::ffff:5.6.7.0/120 mapped\n!11.0.0.0/8 not eleven\n",
            ["1.2.3.4", "1.2.3.5", "10.1.2.3", "10.1.3.3", "10.4.0.1", "11.0.0.1", "2001:db8::1", "2001:0DB8:0::1", "[1.2.3.4]", "5.6.7.8", "::ffff:5.6.7.8", "::1", "foo", "01.2.3.4"]
        },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task Postmap_gives_the_same_answers(string type, string text, string[] keys)
    {
        Assert.SkipUnless(File.Exists(Program), "postfix is not installed");
        await using TableFolder folder = new();
        folder.Write("main.cf", "");
        string specification = $"{type}:{folder.Write("table", text)}";
        ILookUpTable table = folder.Open(specification);
        foreach (string key in keys)
        {
            Assert.Equal((key, await QueryAsync(folder.Path(""), specification, key)), (key, await table.AskAsync(key)));
        }
    }

    [Theory]
    [InlineData("unionmap:{texthash:{0}/one, texthash:{0}/two}")]
    [InlineData("unionmap:{inline:{ {a=1} } static:{x y}}")]
    [InlineData("pipemap:{texthash:{0}/one,texthash:{0}/two}")]
    [InlineData("pipemap:{texthash:{0}/one regexp:{0}/rules}")]
    [InlineData("pipemap:{unionmap:{static:a,static:b}, regexp:{0}/rules}")]
    public async Task Postmap_combines_tables_in_the_same_way(string specification)
    {
        Assert.SkipUnless(File.Exists(Program), "postfix is not installed");
        await using TableFolder folder = new();
        folder.Write("main.cf", "");
        folder.Write("one", "a one\nb two, three\n@d far\n");
        folder.Write("two", "a eins\none final\n");
        folder.Write("rules", "/^(.*)$/ re-$1\n");
        specification = specification.Replace("{0}", folder.Path("").TrimEnd('/'), StringComparison.Ordinal);
        ILookUpTable table = folder.Open(specification);
        foreach (string key in (string[])["a", "b", "one", "x", "@d"])
        {
            Assert.Equal((key, await QueryAsync(folder.Path(""), specification, key)), (key, await table.AskAsync(key)));
        }
    }

    private static async Task<string?> QueryAsync(string folder, string specification, string key)
    {
        using Process process = Process.Start(new ProcessStartInfo(Program, ["-c", folder, "-q", key, specification])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!;
        Task<string> warnings = process.StandardError.ReadToEndAsync();
        string value = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.DoesNotContain("fatal", await warnings, StringComparison.Ordinal);
        return process.ExitCode == 0 ? value.TrimEnd('\n') : null;
    }
}
