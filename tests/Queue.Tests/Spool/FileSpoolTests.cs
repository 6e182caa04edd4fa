using MailAccess.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Queue.Tests;

/// <summary>The contract over a real folder.</summary>
public sealed class FolderSpoolTests : SpoolContract, IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("spool-").FullName;
    private readonly IoThreads _threads = new(4);
    private readonly List<SpoolFolder> _folders = [];

    public void Dispose()
    {
        _threads.Dispose();
        _folders.ForEach(f => f.Dispose());
        Directory.Delete(_path, recursive: true);
    }

    [Fact]
    public async Task Only_the_owner_may_read_the_spool()
    {
        await using ISpool spool = Open();
        await spool.AddAsync(Samples.Message(1, "bob@example.net"), new MemoryContent(Samples.Content), CancellationToken.None);
        Assert.Equal(2, Directory.GetFiles(_path).Length);
        Assert.All(Directory.GetFiles(_path), f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
    }

    [Fact]
    public void What_may_not_be_done_in_the_folder_is_a_failure_of_the_spool()
    {
        using SpoolFolder folder = new(_path);
        Directory.CreateDirectory(Path.Combine(_path, "a.ctl"));
        Assert.Throws<IOException>(() => folder.Open("a.ctl"));
        Assert.Throws<IOException>(() => folder.Delete("a.ctl"));
    }

    private protected override ISpool Open()
    {
        _folders.Add(new SpoolFolder(_path));
        return new FileSpool(_folders[^1], _threads, TimeSpan.Zero, TimeProvider.System, NullLogger.Instance);
    }
}

/// <summary>Crashes, and damage, of the files.</summary>
public sealed class FileSpoolCrashTests : SpoolCrashTests
{
    [Fact]
    public async Task A_failure_of_theDisk_that_passes_leaves_nothing_of_the_intake()
    {
        for (int n = 0; ; n++)
        {
            Disk = new SimulatedDisk { FailsOnce = true };
            await using ISpool spool = Open();
            Disk.FailAfter(n);
            try
            {
                await spool.AddAsync(Samples.Message(1, "bob@example.net"), new MemoryContent(Samples.Content, 20), CancellationToken.None);
                Assert.True(n > 5);
                return;
            }
            catch (IOException)
            {
                Assert.Empty(Disk.Names);
            }
        }
    }

    [Fact]
    public async Task A_damaged_control_file_is_kept_for_a_person_to_look_at()
    {
        await using (ISpool spool = Open())
        {
            await spool.AddAsync(Samples.Message(1, "bob@example.net"), new MemoryContent(Samples.Content), CancellationToken.None);
        }
        Disk.Corrupt(Disk.Names.First(), octets => octets[40] ^= 1);
        await using ISpool again = Open();
        Assert.Empty(await LoadAsync(again));
        Assert.Equal(2, Disk.Names.Count);
        Assert.Null(await again.ReadAsync(new SpoolId(1), CancellationToken.None));
    }

    [Fact]
    public void Every_flipped_bit_in_a_control_file_is_found()
    {
        byte[] control = SpoolCodec.WriteMessage(Samples.Message(1, "bob@example.net"));
        for (int bit = 0; bit < (control.Length - 1) * 8; bit++)
        {
            byte[] damaged = (byte[])control.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            ControlState state = SpoolCodec.TryRead(damaged, out SpoolMessage? message);
            // Letter case of the checksum's own digits is the only thing that may change.
            Assert.True(state == ControlState.Damaged || (bit / 8 < 8 && message is not null), $"bit {bit}");
        }
    }

    [Fact]
    public void A_control_file_cut_anywhere_in_its_first_line_was_never_promised()
    {
        byte[] control = SpoolCodec.WriteMessage(Samples.Message(1, "bob@example.net"));
        for (int length = 0; length < control.Length; length++)
        {
            Assert.Equal(ControlState.Torn, SpoolCodec.TryRead(control.AsSpan(0, length), out _));
        }
    }

    private protected override ISpool Open() => new FileSpool(Disk, Threads, TimeSpan.Zero, TimeProvider.System, NullLogger.Instance);
}
