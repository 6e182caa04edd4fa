using System.Text;
using FsCheck;
using FsCheck.Fluent;
using MailAccess.Store.Files;
using MailAccess.Store.Maildir;
using MailAccess.Store.Model;

namespace MailAccess.Store.Tests.Adoption;

/// <summary>Names of folders and files: any octets have a name, and a name has one folder.</summary>
public sealed class NamesTests
{
    private const string Hostile = "ab.~&-+ü台/ ,:=\"'\\\u00e9\U0001F600#\U0010FE41\U0010FE2F\U0010FE2E\U0010FE00\U0010FEC3\U0010FEBC\U0010FEFF*%\u0001\u007f\u0085\uFFFD\u2028A0C4Y";

    [Fact]
    public void Any_octets_are_a_text_and_the_text_is_these_octets() =>
        Prop.ForAll<byte[]>(octets => octets is null || OctetText.Encode(OctetText.Decode(octets)).AsSpan().SequenceEqual(octets)).QuickCheckThrowOnFailure();

    [Fact]
    public void Octets_that_spell_our_own_private_characters_come_back_too()
    {
        byte[] octets = [.. "a"u8, .. Encoding.UTF8.GetBytes("\U0010FE80\U0010FEFF"), 0xFC, 0xF4, 0x8F, .. "é"u8];
        Assert.Equal(octets, OctetText.Encode(OctetText.Decode(octets)));
        Assert.Equal("aé", OctetText.Decode("aé"u8));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_name_has_one_folder_which_stays_in_the_root_and_gives_the_name_back(bool isUtf8)
    {
        FolderSpelling spelling = isUtf8 ? FolderSpelling.Utf8 : FolderSpelling.ModifiedUtf7;
        var random = new Random(23);
        Dictionary<string, string> nameOf = new(StringComparer.Ordinal);
        for (int i = 0; i < 40_000; i++)
        {
            if (!MailboxName.TryParse(RandomText(random), out MailboxName? name) || name.IsInbox)
            {
                continue;
            }
            byte[] octets = OctetText.Encode(FolderNames.Encode(name, spelling)); // As the system gets it.
            Assert.Equal(-1, octets.AsSpan().IndexOfAny((byte)'/', (byte)0));
            string folder = OctetText.Decode(octets);
            Assert.True(folder.Length > 1 && folder[0] == '.' && folder[1] != '.' && !folder.Contains('/') && !folder.EndsWith('.'), folder);
            Assert.True(FolderNames.TryDecode(folder, spelling, out MailboxName? decoded), folder);
            Assert.Equal(name, decoded);
            Assert.Equal(name.Value, nameOf.TryGetValue(folder, out string? other) ? other : nameOf[folder] = name.Value);
        }
        Assert.True(nameOf.Count > 5_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_folder_has_a_name_and_no_two_have_the_same(bool isUtf8)
    {
        FolderSpelling spelling = isUtf8 ? FolderSpelling.Utf8 : FolderSpelling.ModifiedUtf7;
        var random = new Random(29);
        for (int round = 0; round < 200; round++)
        {
            string[] folders = [.. Enumerable.Range(0, 100).Select(_ => "." + OctetText.Decode(RandomOctets(random))).Where(f => f.Length > 1 && f[1] != '.').Distinct(StringComparer.Ordinal)];
            Dictionary<MailboxName, string> map = FolderNames.Map(folders, spelling);
            Assert.Equal(folders.Order(StringComparer.Ordinal), map.Values.Order(StringComparer.Ordinal));
            Assert.DoesNotContain(MailboxName.Inbox, map.Keys);
        }
    }

    [Theory]
    [InlineData("\U0010FE2E\U0010FE2Fx")]
    [InlineData("\U0010FE2F..\U0010FE2Fx")]
    [InlineData("x\U0010FE00")]
    public void No_name_leaves_the_root_by_private_characters(string text)
    {
        Assert.True(MailboxName.TryParse(text, out MailboxName? name));
        foreach (FolderSpelling spelling in Enum.GetValues<FolderSpelling>())
        {
            byte[] octets = OctetText.Encode(FolderNames.Encode(name, spelling));
            Assert.True(octets[0] == '.' && octets[1] != '.' && octets.AsSpan().IndexOfAny((byte)'/', (byte)0) < 0, Encoding.UTF8.GetString(octets));
        }
        Assert.Equal(text, Encoding.UTF8.GetString(OctetText.Encode(text))); // Nor where a path is made of it as it is.
    }

    [Theory]
    [InlineData(".Entwürfe.Büro", "Entwürfe/Büro")]
    [InlineData(".R&D", "R&D")]
    [InlineData(".R&-D", "R&-D")]
    [InlineData(".a&AC4-b", "a.b")]
    [InlineData(".&ACY-AC4-", "&AC4-")]
    public void In_utf8_an_ampersand_is_a_letter(string folder, string name)
    {
        Assert.True(FolderNames.TryDecode(folder, FolderSpelling.Utf8, out MailboxName? decoded));
        Assert.Equal(name, decoded.Value);
        Assert.Equal(folder, FolderNames.Encode(decoded, FolderSpelling.Utf8));
    }

    [Theory]
    [InlineData(".a..b", "a/\U0010FE2Eb")]
    [InlineData(".a.", "a\U0010FE2E")]
    [InlineData(".R&D", "R\U0010FE26D")]
    [InlineData(".a&AC8-b", "a\U0010FE26AC8-b")]
    [InlineData(".INBOX", "\U0010FE49NBOX")]
    [InlineData(".100%", "100\U0010FE25")]
    [InlineData(".a\u0001", "a\U0010FE01")]
    public void What_no_name_can_say_is_shown_octet_by_octet(string folder, string name)
    {
        Assert.True(FolderNames.TryDecode(folder, out MailboxName? decoded));
        Assert.Equal(name, decoded.Value);
    }

    [Fact]
    public void Two_spellings_of_one_name_are_two_mailboxes()
    {
        Dictionary<MailboxName, string> map = FolderNames.Map([".é", ".&AOk-"], FolderSpelling.ModifiedUtf7);
        Assert.Equal(".&AOk-", map.Single(m => m.Key.Value == "é").Value);
        Assert.Equal(2, map.Count);
    }

    [Theory]
    [InlineData(FolderSpelling.ModifiedUtf7)]
    [InlineData(FolderSpelling.ModifiedUtf7, ".Sent", ".Trash")]
    [InlineData(FolderSpelling.ModifiedUtf7, ".Entw&APw-rfe", ".Büro")]
    [InlineData(FolderSpelling.Utf8, ".Entwürfe", ".Sent")]
    [InlineData(FolderSpelling.Utf8, ".R&D")]
    public void The_spelling_shows_in_the_folders(object spelling, params string[] folders) => Assert.Equal(spelling, FolderNames.SpellingOf(folders));

    [Fact]
    public void Subscriptions_read_back_in_the_version_that_they_had()
    {
        FolderSubscriptions spelling = new(FolderSpelling.ModifiedUtf7);
        byte[] second = "V\t2\n\nEntw&APw-rfe\tB&APw-ro\nINBOX\nshared..x\n"u8.ToArray();
        SubscriptionList list = SubscriptionList.Parse(second, spelling);
        Assert.Equal(["Entwürfe/Büro", "INBOX"], list.Names.Select(n => n.Value).Where(n => !n.StartsWith("shared", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        list.Names.Add(Parse("a/b"));
        string written = Encoding.UTF8.GetString(list.Format(spelling));
        Assert.StartsWith("V\t2\n\n", written, StringComparison.Ordinal);
        Assert.Contains("\na\tb\n", written, StringComparison.Ordinal);
        SubscriptionList first = SubscriptionList.Parse("a.b\nINBOX\n"u8, spelling);
        Assert.Equal("INBOX\na.b\n", Encoding.UTF8.GetString(first.Format(spelling)));
    }

    [Fact]
    public void A_list_of_uids_of_version_1_reads_and_names_of_any_octets_come_back()
    {
        UidList list = UidList.Parse([.. "1 1275660208 7\n3 1276528487.M3.k:2,S\n4 a"u8, 0xFC, .. "b\n"u8])!;
        Assert.Equal((1, 1275660208U, 7U), (list.Version, list.UidValidity.Value, list.UidNext.Value));
        Assert.Equal("1276528487.M3.k", list.Entries[0].BaseName);
        Assert.Equal([(byte)'a', 0xFC, (byte)'b'], OctetText.Encode(list.Entries[1].BaseName));
        Assert.Equal(list.Entries, UidList.Parse(list.Format())!.Entries);
        UidList fields = UidList.Parse("3 V5 N9 Gx Zfuture\n1 W88 S82 PUID1-2 O3 Gabc :n\n2 P :m\n"u8)!;
        Assert.Equal(("88", "UID1-2", "abc", (string?)null), (UidList.Field(fields.Fields[new Uid(1)], 'W'), UidList.Field(fields.Fields[new Uid(1)], 'P'), UidList.Field(fields.Fields[new Uid(1)], 'G'), UidList.Field(fields.Fields[new Uid(1)], 'Q')));
        Assert.Equal("", UidList.Field(fields.Fields[new Uid(2)], 'P'));
        string written = Encoding.UTF8.GetString(fields.Format());
        Assert.Contains("1 W88 S82 PUID1-2 O3 Gabc :n\n", written, StringComparison.Ordinal);
        Assert.Contains(" Zfuture\n", written, StringComparison.Ordinal);
    }

    private static string RandomText(Random random)
    {
        Rune[] letters = [.. Hostile.EnumerateRunes()];
        return string.Concat(Enumerable.Range(0, random.Next(1, 10)).Select(_ => letters[random.Next(letters.Length)].ToString()));
    }

    private static byte[] RandomOctets(Random random)
    {
        byte[] octets = new byte[random.Next(1, 9)];
        for (int i = 0; i < octets.Length; i++)
        {
            octets[i] = random.Next(3) == 0 ? (byte)random.Next(1, 256) : (byte)".&-AOk~ INBOXinboxé"[random.Next(19)];
            octets[i] = octets[i] == '/' ? (byte)'x' : octets[i];
        }
        return octets;
    }

    private static MailboxName Parse(string text)
    {
        Assert.True(MailboxName.TryParse(text, out MailboxName? name));
        return name;
    }
}
