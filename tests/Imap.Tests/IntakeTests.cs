using System.Buffers;
using System.Text;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Searching;
using MailAccess.Store;
using MailAccess.Store.Memory;
using MailAccess.Testing;

namespace MailAccess.Imap.Tests;

/// <summary>What APPEND stores, and how dates in mail are read.</summary>
public sealed class IntakeTests
{
    [Theory]
    [InlineData("a\r\nb\r\n", "a\r\nb\r\n")]
    [InlineData("a\nb\n", "a\r\nb\r\n")]
    [InlineData("\n\n\r\n\n", "\r\n\r\n\r\n\r\n")]
    [InlineData("a\rb\r\r\n\r", "a\rb\r\r\n\r")]
    [InlineData("", "")]
    public async Task A_bare_line_feed_becomes_a_line_end_wherever_the_octets_are_cut(string sent, string stored)
    {
        byte[] octets = Encoding.ASCII.GetBytes(sent);
        for (int first = 0; first <= octets.Length; first++)
        {
            for (int second = first; second <= octets.Length; second++)
            {
                await using MemoryMailStore store = new(new ManualTimeProvider());
                (await store.StageAsync(0, default)).TryGet(out IStagedMessage? message);
                MessageIntake intake = new(message!);
                await intake.WriteAsync(new ReadOnlySequence<byte>(octets, 0, first));
                await intake.WriteAsync(new ReadOnlySequence<byte>(octets, first, second - first));
                await intake.WriteAsync(new ReadOnlySequence<byte>(octets, second, octets.Length - second));
                Assert.True((await intake.CompleteAsync()).TryGet(out _));
                (await message!.OpenAsync(default)).TryGet(out IMessageContent? content);
                byte[] read = new byte[content!.Octets];
                await content.ReadAsync(0, read, default);
                Assert.Equal(stored, Encoding.ASCII.GetString(read));
            }
        }
    }

    [Theory]
    [InlineData("Mon, 7 Feb 1994 21:52:25 -0800", "1994-02-07")]
    [InlineData("7 Feb 94 21:52 PST", "1994-02-07")]
    [InlineData("7 Feb 104 21:52", "2004-02-07")]
    [InlineData("07-Feb-2026", "2026-02-07")]
    [InlineData("Sat,\t1 JANUARY 2000 00:00", "2000-01-01")]
    [InlineData("31 Feb 2000", null)]
    [InlineData("1 Foo 2000", null)]
    [InlineData("Feb 1 2000", null)]
    [InlineData("", null)]
    public void The_day_of_a_date_field_is_read(string value, string? expected)
    {
        bool read = MailDates.TryParseDay(Encoding.ASCII.GetBytes(value), out DateOnly day);
        Assert.Equal(expected, read ? day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture) : null);
    }
}
