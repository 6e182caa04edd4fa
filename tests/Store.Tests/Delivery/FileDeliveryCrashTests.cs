using System.Text;
using MailAccess.Store.Delivery;
using MailAccess.Store.Tests.Crash;
using MailAccess.Testing;

namespace MailAccess.Store.Tests.Delivery;

/// <summary>
/// Deliveries to a file and to a Maildir, interrupted at each of their file operations in turn. What was acknowledged is there whole; what was there before
/// is; after a mere failure nothing else is; and after a crash the next delivery works and its message can be told from what is left of the other.
/// </summary>
public sealed class FileDeliveryCrashTests : IDisposable
{
    private const string Before = "From a Thu Jan  1 00:00:00 1970\nA: 1\n\nbefore\n\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("filedelivery").FullName;
    private readonly ManualTimeProvider _clock = new();
    private readonly LogLines _said = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(Fault.NoSpace)]
    [InlineData(Fault.Kill)]
    [InlineData(Fault.PowerLoss)]
    public async Task File_holds_what_was_acknowledged_at_any_operation(Fault fault)
    {
        int interrupted = 0;
        for (int at = 1; ; at++)
        {
            string box = NewFolder(at) + "/box";
            File.WriteAllText(box, Before);
            (StoreError error, bool isOver) = await InterruptAsync(fault, at, f => f.AppendToMboxAsync(Request(box), new Octets("B: 2\r\n\r\nFrom here\r\n"), default));
            string now = File.ReadAllText(box);
            string whole = Before + Head + "B: 2\n\n>From here\n\n";
            Assert.StartsWith(Before, now, StringComparison.Ordinal);
            Assert.True(error != StoreError.None || now == whole, $"operation {at}: acknowledged, and there: {now}");
            Assert.True(fault != Fault.NoSpace || error == StoreError.None || now == Before, $"operation {at}: taken back: {now}");

            Assert.Equal(StoreError.None, await Sound().AppendToMboxAsync(Request(box), new Octets("C: 3\r\n\r\n"), default));
            string after = File.ReadAllText(box);
            Assert.StartsWith(now, after, StringComparison.Ordinal);
            Assert.EndsWith("\n\n" + Head + "C: 3\n\n\n", after, StringComparison.Ordinal);
            if (isOver)
            {
                Assert.True(interrupted > 4, "the operations were reached");
                return;
            }
            interrupted++;
        }
    }

    [Theory]
    [InlineData(Fault.NoSpace)]
    [InlineData(Fault.Kill)]
    [InlineData(Fault.PowerLoss)]
    public async Task Maildir_holds_whole_messages_alone_at_any_operation(Fault fault)
    {
        int interrupted = 0;
        for (int at = 1; ; at++)
        {
            string maildir = NewFolder(at) + "/dir";
            (StoreError error, bool isOver) = await InterruptAsync(fault, at, f => f.AddToMaildirAsync(Request(maildir + "/"), new Octets("B: 2\r\n"), default));
            string[] files = Directory.Exists(maildir + "/new") ? Directory.GetFiles(maildir + "/new") : [];
            Assert.All(files, f => Assert.Equal(Head + "B: 2\n", File.ReadAllText(f)));
            Assert.True(files.Length == 1 || error != StoreError.None, $"operation {at}: acknowledged, and there");

            Assert.Equal(StoreError.None, await Sound().AddToMaildirAsync(Request(maildir), new Octets("B: 2\r\n"), default));
            Assert.Equal(files.Length + 1, Directory.GetFiles(maildir + "/new").Length);
            if (isOver)
            {
                Assert.True(interrupted > 6, "the operations were reached");
                return;
            }
            interrupted++;
        }
    }

    private static string Head => "From x Thu Jan  1 00:00:00 1970\n";

    private static FileDeliveryRequest Request(string path) => new() { Path = path, Identity = null, Head = Encoding.ASCII.GetBytes(Head) };

    private string NewFolder(int at) => Directory.CreateDirectory(Path.Combine(_folder, at.ToString(System.Globalization.CultureInfo.InvariantCulture))).FullName;

    private FileDelivery Sound()
    {
        // What a dead process left locked is ours: the same process id, and no lock held. Another host's would have to grow old.
        _clock.Advance(TimeSpan.FromDays(36_500));
        return new FileDelivery(new FileDeliveryOptions(), _clock, _said);
    }

    private async Task<(StoreError Error, bool IsOver)> InterruptAsync(Fault fault, int at, Func<FileDelivery, Task<StoreError>> deliver)
    {
        string stash = Directory.CreateDirectory(Path.Combine(_folder, "stash" + at)).FullName;
        FaultyFiles files = new(fault, at) { StashFolder = stash };
        StoreError error = await deliver(new FileDelivery(new FileDeliveryOptions(), _clock, _said, files));
        if (fault == Fault.PowerLoss && files.HasHappened)
        {
            files.LosePower();
        }
        return (error, !files.HasHappened);
    }

    private sealed class Octets(string text) : IMessageContent
    {
        private readonly byte[] _octets = Encoding.ASCII.GetBytes(text);

        long IMessageContent.Octets => _octets.Length;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
        {
            int length = (int)Math.Min(Math.Min(destination.Length, 5), _octets.Length - offset);
            _octets.AsMemory((int)offset, length).CopyTo(destination);
            return new(length);
        }

        public ValueTask DisposeAsync() => default;
    }
}
