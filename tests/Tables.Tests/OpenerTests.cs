namespace MailAccess.Tables.Tests;

/// <summary>Specifications, as Postfix and Sendmail write them.</summary>
public sealed class OpenerTests
{
    [Theory]
    [InlineData("hash:{0}")]
    [InlineData("btree:{0}")]
    [InlineData("lmdb:{0}")]
    [InlineData("cdb:{0}")]
    [InlineData("dbm:{0}")]
    [InlineData("texthash:{0}")]
    [InlineData("{0}")]
    [InlineData("proxy:hash:{0}")]
    [InlineData("hash {0}")]
    [InlineData("hash -o {0}")]
    [InlineData("hash -T<TMPF> -o {0}")]
    [InlineData("hash: -o {0}")]
    [InlineData("-o {0}")]
    [InlineData(" hash:{0} ")]
    public async Task Texts_are_read_whatever_database_was_made_from_them(string form)
    {
        await using TableFolder folder = new();
        string path = folder.Write("virtual", "a b\n");
        folder.Write("virtual.db", [0, 1, 2]);
        Assert.Equal("b", await folder.Open(string.Format(null, form, path)).AskAsync("a"));
    }

    [Theory]
    [InlineData("static:value here", "value here")]
    [InlineData("static:{ in braces }", "in braces")]
    [InlineData("inline:{ {a = x y }, {b=c=d} }", "x y")]
    [InlineData("inline:{b=1,a=2}", "2")]
    [InlineData("inline:{ A=3 }", "3")]
    [InlineData("inline:{ {b=1} }", null)]
    public async Task Tables_without_files(string specification, string? expected)
    {
        await using TableFolder folder = new();
        ILookUpTable table = folder.Open(specification);
        Assert.Equal(expected, await table.AskAsync("a"));
        Assert.Equal(specification, table.Name);
    }

    [Theory]
    [InlineData("mysql:/etc/x.cf", "allowed are hash:, btree:")]
    [InlineData("inline:a=b", "braces")]
    [InlineData("inline:{ a = b }", "a is no entry")]
    [InlineData("inline:{ {=b} }", "is no entry")]
    [InlineData("hash:", "names no table")]
    [InlineData("unionmap:{}", "stand in braces")]
    [InlineData("pipemap:static:a", "stand in braces")]
    [InlineData("unionmap:{static:a, mysql:/x}", "mysql:/x: tables of type mysql")]
    [InlineData("unionmap:{{static:a}}", "{static:a} does not exist")]
    [InlineData("hash -k2 /x", "the flag -k2 is not served")]
    [InlineData("regexp:{ {/a/ b}", "brace")]
    public async Task What_is_not_served_is_refused(string specification, string problem)
    {
        await using TableFolder folder = new();
        Assert.Contains(problem, folder.Refused(specification), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_without_its_text_is_told()
    {
        await using TableFolder folder = new();
        folder.Write("virtual.db", [0, 1, 2]);
        Assert.Equal(
            $"{folder.Path("virtual")} does not exist; {folder.Path("virtual.db")} does, but only the text that it was made from is read here",
            folder.Refused($"hash:{folder.Path("virtual")}"));
        Assert.Contains("is it a database?", folder.Refused($"hash:{folder.Path("virtual.db")}"), StringComparison.Ordinal);
        Assert.Contains("cannot be read: it is a directory", folder.Refused(Path.GetDirectoryName(folder.Path("x"))!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_specification_is_the_same_table()
    {
        await using TableFolder folder = new();
        Assert.Same(folder.Open("static:a"), folder.Open("static:a"));
        Assert.NotSame(folder.Open("static:a"), folder.Open("static:b"));
    }

    [Fact]
    public async Task Types_may_come_from_outside_and_are_disposed_of()
    {
        DisposableTable made = new();
        TableFolder folder = new(null, new()
        {
            ["ldap"] = (string name, string argument, TableContext context, out string? error) =>
        {
            error = argument == "/x.cf" ? null : "wrong";
            return error is null ? made : null;
        }
        });
        Assert.Same(made, folder.Open("ldap:/x.cf"));
        Assert.Equal("wrong", folder.Refused("ldap:/y.cf"));
        Assert.Contains("ldap:", folder.Refused("nis:passwd"), StringComparison.Ordinal);
        await folder.DisposeAsync();
        Assert.True(made.IsDisposed);
    }

    private sealed class DisposableTable : ILookUpTable, IAsyncDisposable
    {
        public bool IsDisposed { get; private set; }

        public string Name => "ldap:/x.cf";

        public bool TakesWholeKeysOnly => false;

        public ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken) => new(TableAnswer.NotFound);

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return default;
        }
    }
}
