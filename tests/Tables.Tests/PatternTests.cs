using System.Text;

namespace MailAccess.Tables.Tests;

/// <summary>regexp_table(5) and pcre_table(5).</summary>
public sealed class PatternTests
{
    [Theory]
    [InlineData(@"/^(.*)-outgoing@(.*)$/ 550 Use ${1}@${2} instead", "list-outgoing@example.org", "550 Use list@example.org instead")]
    [InlineData(@"/a(.)(.)/ $1-$(2)${1}", "axy", "x-yx")]
    [InlineData(@"/a/ cost: $$5", "a", "cost: $5")]
    [InlineData(@"/^bob@/ yes", "BOB@example.org", "yes")]
    [InlineData(@"/^bob@/i yes", "BOB@example.org", null)]
    [InlineData(@"!/^bob@/ not bob", "carol@example.org", "not bob")]
    [InlineData(@"!/^bob@/ not bob", "bob@example.org", null)]
    [InlineData(@"|a/b| slash", "a/b", "slash")]
    [InlineData(@"/a\/b/ slash", "a/b", "slash")]
    [InlineData(@"/(a)|(b)/ [$1][$2]", "b", "[][b]")]
    [InlineData(@"/^$/ nothing", "", "nothing")]
    [InlineData(@"/x/", "x", "")]
    [InlineData("/a/\n  continued", "a", "continued")]
    public async Task Rules_are_common_to_both_kinds(string rule, string key, string? expected)
    {
        await using TableFolder folder = new();
        Assert.Equal(expected, await folder.Open($"regexp:{folder.Write("r", rule)}").AskAsync(key));
        Assert.Equal(expected, await folder.Open($"pcre:{folder.Path("r")}").AskAsync(key));
    }

    [Theory]
    [InlineData(@"[[:alpha:]]+[[:digit:]]{2}", "ab12", true)]
    [InlineData(@"^[[:alpha:]]+$", "ab12", false)]
    [InlineData(@"^[^[:space:]]+$", "a b", false)]
    [InlineData(@"^[]a]+$", "]a", true)]
    [InlineData(@"^[^]a]+$", "b]", false)]
    [InlineData(@"^[\.]+$", @"\.", true)]
    [InlineData(@"^[a-]+$", "a-", true)]
    [InlineData(@"^[[:alnum:]-.]+$", "a1-.", true)]
    [InlineData(@"^[+--]+$", "+,-", true)]
    [InlineData(@"^[[.-.]a]+$", "a-", true)]
    [InlineData(@"^[[=a=]b]$", "a", true)]
    [InlineData(@"^[a[]$", "[", true)]
    [InlineData(@"^ab{,2}$", "abb", true)]
    [InlineData(@"^ab{,2}$", "abbb", false)]
    [InlineData(@"^a{$", "a{", true)]
    [InlineData(@"^a**b*?$", "aab", true)]
    [InlineData(@"^\d$", "d", true)]
    [InlineData(@"^\d$", "1", false)]
    [InlineData(@"\<bob\>", "mr bob.", true)]
    [InlineData(@"\<bob\>", "bobby", false)]
    [InlineData(@"^(.)\1$", "aa", true)]
    [InlineData(@"^(.)\1$", "ab", false)]
    [InlineData(@"^a.b$", "a\nb", true)]
    [InlineData(@"a$", "a\n", false)]
    public async Task Extended_posix_expressions(string pattern, string key, bool matches)
    {
        await using TableFolder folder = new();
        Assert.Equal(matches ? "yes" : null, await folder.Open($"regexp:{folder.Write("r", $"~{pattern}~ yes")}").AskAsync(key));
    }

    [Theory]
    [InlineData(@"^\(a\)\1$", "aa", true)]
    [InlineData(@"^a+$", "a+", true)]
    [InlineData(@"^a\+$", "aaa", true)]
    [InlineData(@"^(a|b)$", "(a|b)", true)]
    [InlineData(@"^a\{2\}$", "aa", true)]
    [InlineData(@"^*a$", "*a", true)]
    [InlineData(@"a^b$c", "a^b$c", true)]
    public async Task Basic_posix_expressions_where_x_is_off(string pattern, string key, bool matches)
    {
        await using TableFolder folder = new();
        Assert.Equal(matches ? "yes" : null, await folder.Open($"regexp:{folder.Write("r", $"/{pattern}/x yes")}").AskAsync(key));
    }

    [Theory]
    [InlineData(@"/^a++b/ yes", "aab", "yes")]
    [InlineData(@"/^a++a/ yes", "aaa", null)]
    [InlineData(@"/^\Qa.b\E$/ yes", "a.b", "yes")]
    [InlineData(@"/^\Qa.b\E$/ yes", "axb", null)]
    [InlineData(@"/^(?<user>[^@]+)@(.*)$/ $1 at $2", "bob@example.org", "bob at example.org")]
    [InlineData(@"/^(x)(?P<c>.)(?P=c)\k<c>\g{c}\g{-1}(y)$/ $1$2$3", "xaaaaay", "xay")]
    [InlineData(@"/^(?!bob)[a-z]+$/ yes", "carol", "yes")]
    [InlineData(@"/^(?!bob)[a-z]+$/ yes", "bobby", null)]
    [InlineData(@"/^\d\w\s\h\S$/ yes", "1_ \tx", "yes")]
    [InlineData(@"/^[\d\-x]+$/ yes", "1-x", "yes")]
    [InlineData(@"/^\x{41}\x42$/i yes", "AB", "yes")]
    [InlineData(@"/^a b#c$/ yes", "a b#c", "yes")]
    [InlineData(@"/^a b \  [ ]c # comment/x yes", "ab  c", "yes")]
    [InlineData(@"/a/A yes", "ba", null)]
    [InlineData(@"/^(a+)(.*)$/U $1:$2", "aaa", "a:aa")]
    [InlineData(@"/^(?:a(?#nothing)b)(?i:C)$/i yes", "abc", "yes")]
    [InlineData(@"/^(a)?(?(1)b|c)$/ yes", "ab", "yes")]
    [InlineData(@"/^(a)?(?(1)b|c)$/ yes", "ac", null)]
    [InlineData(@"/^\pL\p{Lu}$/i yes", "éÉ", "yes")]
    [InlineData("/a.b/s yes", "a\nb", null)]
    [InlineData("/^b/m yes", "a\nb", "yes")]
    [InlineData("/a$/ yes", "a\n", "yes")]
    [InlineData("/a$/E yes", "a\n", null)]
    [InlineData(@"/^[[:^alpha:]x]$/ yes", "x", "!")]
    [InlineData(@"/a\Kb/ yes", "ab", "!")]
    [InlineData(@"/(?R)/ yes", "ab", "!")]
    [InlineData(@"/(*ACCEPT)a/ yes", "ab", "!")]
    public async Task Perl_expressions(string rule, string key, string? expected)
    {
        await using TableFolder folder = new();
        string specification = $"pcre:{folder.Write("r", rule)}";
        if (expected == "!")
        {
            Assert.StartsWith(folder.Path("r:1: "), folder.Refused(specification), StringComparison.Ordinal);
            return;
        }
        Assert.Equal(expected, await folder.Open(specification).AskAsync(key));
    }

    [Fact]
    public async Task Conditions_nest_and_the_first_rule_that_fits_answers()
    {
        await using TableFolder folder = new();
        ILookUpTable table = folder.Open($"regexp:{folder.Write("r", """
            # comment
            if /@example\.org$/
            if !/^bob@/
            /^(carol)@/ $1 in
            endif
            /^bob@/ bob in
            endif
            /^carol@/ carol out
            /./ rest
            """)}");
        Assert.Equal("carol in", await table.AskAsync("carol@example.org"));
        Assert.Equal("bob in", await table.AskAsync("bob@example.org"));
        Assert.Equal(6, await table.LineAsync("bob@example.org"));
        Assert.Equal("carol out", await table.AskAsync("carol@example.net"));
        Assert.Equal("rest", await table.AskAsync("bob@example.net"));
        Assert.True(table.TakesWholeKeysOnly);
    }

    [Theory]
    [InlineData("/a/ b\n/c", 2, "not closed")]
    [InlineData("/a/q b", 1, "q is no flag")]
    [InlineData("/(a/ b", 1, "")]
    [InlineData("/a)/ b", 1, "")]
    [InlineData("/[a/ b", 1, "")]
    [InlineData("/[[:foo:]]/ b", 1, "foo")]
    [InlineData("/*a/ b", 1, "nothing to repeat")]
    [InlineData("/(a)/ $2", 1, "no group 2")]
    [InlineData("/(a)/ $0", 1, "$0 is no group")]
    [InlineData("/(a)/ $1x", 1, "$1x is no group")]
    [InlineData("/(a)/ ends in $", 1, "is no group")]
    [InlineData("!/(a)/ $1", 1, "must not match")]
    [InlineData("a b", 1, "is no rule")]
    [InlineData("if /a/\n/b/ c", 1, "if without endif")]
    [InlineData("/b/ c\nendif", 2, "endif without if")]
    [InlineData("if /a/ b\nendif", 1, "nothing may follow")]
    public async Task Errors_name_file_and_line(string text, int line, string problem)
    {
        await using TableFolder folder = new();
        foreach (string kind in (string[])["regexp", "pcre"])
        {
            string path = folder.Write("r", text);
            string error = folder.Refused($"{kind}:{path}");
            Assert.StartsWith($"{path}:{line}: ", error, StringComparison.Ordinal);
            Assert.Contains(problem, error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Rules_may_stand_in_braces()
    {
        await using TableFolder folder = new();
        ILookUpTable table = folder.Open("regexp:{ { /^a{2}(.)/ x$1 }, {/b/ y} }");
        Assert.Equal("xc", await table.AskAsync("aac"));
        Assert.Equal(2, await table.LineAsync("b"));
        Assert.Contains("rule 2", folder.Refused("pcre:{{/a/ b},{/(/ c}}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pattern_made_to_explode_takes_linear_time_or_fails_for_now()
    {
        await using TableFolder patient = new(TableLimits.Default with { PatternTimeout = TimeSpan.FromMinutes(2) });
        await using TableFolder folder = new(TableLimits.Default with { PatternTimeout = TimeSpan.FromMilliseconds(30) });
        string key = new string('a', 5000) + "!";
        Assert.Null(await patient.Open("regexp:{{/^(a+)+$/ x}}").AskAsync(key)); // What explodes takes longer than the world has left.
        TableAnswer late = await folder.Open(@"pcre:{{/^(a+)+\1$/ x}}").FindAsync(key, TestContext.Current.CancellationToken);
        Assert.Equal(LookUpOutcome.Failed, late.Outcome);
        Assert.Contains("30 ms", late.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(@"^user[0-9]+@domain\.example$", true)]
    [InlineData(@"^(.*)@(.*)\.example$", true)]
    [InlineData(@"@(aol|gmail|hotmail)\.test$", true)]
    [InlineData(@"^a{2,5}b?(cd)?$", true)]
    [InlineData(@"^[*+?]\*\+[^]*+]x{3}$", true)]
    [InlineData(@"^a*?b+?$", true)]
    [InlineData(@"a+b", true)]
    [InlineData(@"a+.*b", false)]
    [InlineData(@".*a.*b", false)] // Cubic: it may begin anywhere.
    [InlineData(@"^(a+)+$", false)]
    [InlineData(@"^(a|ab){2}$", false)]
    [InlineData(@"^.*a.*b.*c$", false)]
    [InlineData(@"^a{1,}b{0,9}c{2,}$", false)]
    [InlineData(@"^a?a?a?a?a?a?a?aaaaaaa$", false)]
    [InlineData(@"^(?=a)b$", false)]
    public void Cheap_patterns_are_told_from_those_that_may_explode(string pattern, bool expected) => Assert.Equal(expected, Patterns.PatternCost.IsCheap(pattern));

    [Fact]
    public async Task Thousands_of_plain_patterns_take_no_gigabytes()
    {
        await using TableFolder folder = new();
        string path = folder.Write("r", string.Concat(Enumerable.Range(0, 5000).Select(n => $"/^user{n}@domain\\.example$/ target{n}\n")));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("target4999", await folder.Open($"regexp:{path}").AskAsync("user4999@domain.example"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500L << 20); // Without backtracking: four gigabytes.
    }

    [Fact]
    public void Any_pattern_is_compiled_or_refused()
    {
        Random random = new(4711);
        const string Alphabet = "ab()[]{}*+?|^$.\\-:=,01<>!#PQEkgpx &'";
        for (int n = 0; n < 3000; n++)
        {
            string pattern = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            byte[] rule = Encoding.UTF8.GetBytes($"~{pattern}~{(n % 3 == 0 ? "x" : "")} y");
            foreach (Patterns.PatternKind kind in Enum.GetValues<Patterns.PatternKind>())
            {
                Text.TableReport report = new();
                Patterns.RuleList<string>? rules = Patterns.PatternTable.Parse(rule, report, kind, TimeSpan.FromSeconds(1));
                Assert.True(rules is null != report.Error is null, pattern);
                rules?.TryFind("ab", out _);
            }
        }
    }
}
