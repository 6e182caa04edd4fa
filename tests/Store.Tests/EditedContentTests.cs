using System.Text;
using MailAccess.Message;

namespace MailAccess.Store.Tests;

public sealed class EditedContentTests
{
    /// <summary>Gives at most three octets at a time, as a slow file may.</summary>
    private sealed class Slow(string text) : IMessageContent
    {
        public long Octets => text.Length;

        public bool IsDisposed { get; private set; }

        public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
        {
            string piece = text[(int)Math.Min(offset, text.Length)..];
            return new(Encoding.ASCII.GetBytes(piece.AsSpan(0, Math.Min(Math.Min(3, destination.Length), piece.Length)), destination.Span));
        }

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return default;
        }
    }

    private static OctetEdit Edit(long offset, int removed, string replacement) => new(offset, removed, Encoding.ASCII.GetBytes(replacement));

    public static TheoryData<int, string> Cases => new()
    {
        { 0, "0123456789abcdef" },
        { 1, "xyz3456789abcdef" },
        { 2, "0123abcdef" },
        { 3, "012PQRSTUV3456789abcde" },
        { 4, "Znew89abcdefend" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Any_range_of_it_is_read_as_if_it_were_stored_so(int edits, string expected)
    {
        OctetEdit[][] all =
        [
            [],
            [Edit(0, 3, "xyz")],
            [Edit(4, 6, "")],
            [Edit(3, 0, "PQRSTUV"), Edit(15, 1, "")],
            [Edit(0, 1, "Z"), Edit(1, 7, "new"), Edit(16, 0, "end")],
        ];
        Slow original = new("0123456789abcdef");
        EditedContent content = new(original, all[edits]);
        Assert.Equal(expected.Length, content.Octets);
        for (int offset = 0; offset <= expected.Length + 1; offset++)
        {
            for (int size = 0; size <= expected.Length + 2; size++)
            {
                byte[] destination = new byte[size];
                int read = await content.ReadAsync(offset, destination, TestContext.Current.CancellationToken);
                Assert.Equal(string.Concat(expected.Skip(offset).Take(size)), Encoding.ASCII.GetString(destination, 0, read));
            }
        }
        await content.DisposeAsync();
        Assert.True(original.IsDisposed);
    }

    [Fact]
    public async Task What_is_shorter_than_it_was_ends_early()
    {
        EditedContent content = new(new Shrunk(), [Edit(1, 1, "xx")]);
        byte[] destination = new byte[20];
        Assert.Equal(5, await content.ReadAsync(0, destination, TestContext.Current.CancellationToken));
        Assert.Equal("0xx23", Encoding.ASCII.GetString(destination, 0, 5));
    }

    private sealed class Shrunk : IMessageContent
    {
        private readonly Slow _left = new("0123");

        public long Octets => 10;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
            _left.ReadAsync(offset, destination, cancellationToken);

        public ValueTask DisposeAsync() => _left.DisposeAsync();
    }
}
