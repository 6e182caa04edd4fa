using MailAccess.Store.Index;
using MailAccess.Store.Maildir;

namespace MailAccess.Store.Tests;

/// <summary>What is on disk reads back as it was written, and nothing damaged is taken for whole.</summary>
public sealed class CodecTests
{
    [Fact]
    public void Folder_names_decode_to_the_name_they_were_made_of()
    {
        var random = new Random(11);
        const string Alphabet = "ab.~&-+ü台/ ,:=\"'\\\u00e9\U0001F600#";
        HashSet<string> folders = new(StringComparer.Ordinal);
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < 20_000; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
            if (!MailboxName.TryParse(text, out MailboxName? name) || name.IsInbox)
            {
                continue;
            }
            string folder = FolderNames.Encode(name);
            Assert.DoesNotContain('/', folder);
            Assert.True(folder.Length > 1 && folder[0] == '.' && folder[1] != '.', folder);
            Assert.True(FolderNames.TryDecode(folder, out MailboxName? decoded), folder);
            Assert.Equal(name, decoded);
            Assert.Equal(names.Add(name.Value), folders.Add(folder));
        }
        Assert.True(names.Count > 5_000);
    }

    [Theory]
    [InlineData("a", ".a")]
    [InlineData("a/b", ".a.b")]
    [InlineData("a.b", ".a&AC4-b")]
    [InlineData("~x", ".&AH4-x")]
    [InlineData("Sent & Old", ".Sent &- Old")]
    [InlineData("INBOX/x", ".INBOX.x")]
    [InlineData("台北", ".&U,BTFw-")]
    public void Folder_names_are_those_of_maildir(string name, string folder)
    {
        Assert.True(MailboxName.TryParse(name, out MailboxName? parsed));
        Assert.Equal(folder, FolderNames.Encode(parsed));
    }

    [Theory]
    [InlineData("..a")]
    [InlineData(".")]
    [InlineData("cur")]
    public void Other_files_are_no_mailboxes(string folder) => Assert.False(FolderNames.TryDecode(folder, out _));

    [Theory]
    [InlineData("1.a.host", "1.a.host", "", true)]
    [InlineData("1.a.host:2,", "1.a.host", "", true)]
    [InlineData("1.a.host:2,SF", "1.a.host", "FS", false)]
    [InlineData("1.a.host:2,DFPRSTaz", "1.a.host", "DFPRSTaz", true)]
    [InlineData("1.a.host:1,x", "1.a.host", "", false)]
    public void File_names_give_base_and_letters(string file, string baseName, string letters, bool isCanonical)
    {
        Assert.True(FileName.TryParse(file, out FileName parsed));
        Assert.Equal((baseName, letters, isCanonical), (parsed.Base, parsed.Letters.ToString(), parsed.IsCanonical));
    }

    [Fact]
    public void A_locator_keeps_its_parts()
    {
        FlagLetters letters = FlagLetters.Parse("DFPRSTabcz");
        Locator locator = Locator.Create(8_000_000_000 & ~7L, isInNew: false, hasBareLf: true, letters);
        Assert.Equal((8_000_000_000 & ~7L, false, true, letters), (locator.NamePlace, locator.IsInNew, locator.HasBareLf, locator.Letters));
    }

    [Fact]
    public void A_frame_reads_back_and_no_cut_or_flip_is_taken_for_one()
    {
        IndexFrame frame = SampleFrame(5);
        byte[] octets = frame.Encode();
        Assert.True(IndexFrame.TryDecode(octets, out IndexFrame? decoded, out int length));
        Assert.Equal(octets.Length, length);
        Assert.Equal(frame.Upserts, decoded.Upserts);
        Assert.Equal(frame.Arrivals, decoded.Arrivals);
        Assert.Equal(frame.Expunged, decoded.Expunged);
        Assert.Equal(frame.NewKeywords, decoded.NewKeywords);
        Assert.Equal((5UL, 9U, 3UL, 2), (decoded.Sequence, decoded.UidNext.Value, decoded.HighestModSeq.Value, decoded.FirstKeyword));
        for (int cut = 0; cut < octets.Length; cut++)
        {
            Assert.False(IndexFrame.TryDecode(octets.AsSpan(0, cut), out _, out _));
        }
        for (int at = 0; at < octets.Length; at++)
        {
            byte[] flipped = [.. octets];
            flipped[at] ^= 0x10;
            Assert.False(IndexFrame.TryDecode(flipped, out _, out _));
        }
    }

    [Fact]
    public void An_index_reads_back_and_no_cut_or_flip_is_taken_for_one()
    {
        var state = new IndexState(Guid.NewGuid(), new UidValidity(77)) { CacheGeneration = 5, FirstUnclaimed = new Uid(2), CurFolderTicks = 9 };
        state.Apply(SampleFrame(1));
        using TemporaryFolder folder = new();
        var files = new Files.PosixFiles();
        IndexFile.Write(files, folder.Path, state);
        Assert.True(IndexFile.TryLoad(files, folder.Path, out IndexState? decoded, out long logOctets));
        Assert.Equal(IndexFile.LogHeaderOctets, logOctets);
        Assert.Equal(state.Records, decoded.Records);
        Assert.Equal(state.Keywords.Names, decoded.Keywords.Names);
        Assert.Equal("name-1", decoded.Names[0]);
        Assert.Equal((state.Guid, 77U, 5UL, 9L), (decoded.Guid, decoded.UidValidity.Value, decoded.CacheGeneration, decoded.CurFolderTicks));
        string path = Path.Combine(folder.Path, IndexFile.IndexName);
        byte[] octets = File.ReadAllBytes(path);
        for (int at = 0; at < octets.Length; at++)
        {
            File.WriteAllBytes(path, octets[..at]);
            Assert.False(IndexFile.TryRead(files, folder.Path, out _));
            octets[at] ^= 1;
            File.WriteAllBytes(path, octets);
            Assert.False(IndexFile.TryRead(files, folder.Path, out _));
            octets[at] ^= 1;
        }
    }

    [Fact]
    public void A_uid_list_of_dovecot_reads_back()
    {
        UidList? list = UidList.Parse("3 V1275660208 N25022 G3085f01b7f11094c501100008c4a11c1\n25006 :1276528487.M364837P9451.kurkku,S=1355,W=1394:2,\n25017 W2481 :1276533073.M242911P3632.kurkku:2,F\nrubbish\n"u8);
        Assert.NotNull(list);
        Assert.Equal((1275660208U, 25022U), (list.UidValidity.Value, list.UidNext.Value));
        Assert.Equal([(new Uid(25006), "1276528487.M364837P9451.kurkku,S=1355,W=1394"), (new Uid(25017), "1276533073.M242911P3632.kurkku")], list.Entries);
        Assert.Equal(list.Entries, UidList.Parse(list.Format())!.Entries);
        Assert.Equal("W2481", list.Fields[new Uid(25017)]);
        Assert.Contains(" W2481 :", System.Text.Encoding.UTF8.GetString(list.Format()), StringComparison.Ordinal);
        Assert.Null(UidList.Parse("2 1 2\n"u8));
    }

    private static IndexFrame SampleFrame(ulong sequence) => new()
    {
        Sequence = sequence,
        UidNext = new Uid(9),
        HighestModSeq = new ModSeq(3),
        Upserts = [Record(1), Record(8)],
        Arrivals = [new FrameArrival(0, "name-1", Guid.NewGuid(), "source"), new FrameArrival(16, "name-8", Guid.Empty, "")],
        Expunged = [(new Uid(5), "name-5")],
        FirstKeyword = sequence == 1 ? 0 : 2,
        NewKeywords = ["grün", "key"],
    };

    private static MessageRecord Record(uint uid) => new()
    {
        Uid = new Uid(uid),
        Octets = 100 + uid,
        Flags = SystemFlags.Seen,
        Keywords = 3,
        ModSeq = new ModSeq(3),
        InternalDateSeconds = -5,
        Locator = 1L << 40,
        CacheLocator = 77,
    };
}
