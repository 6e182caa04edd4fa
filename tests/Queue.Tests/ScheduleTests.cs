using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

public sealed class ScheduleTests
{
    private readonly ManualTimeProvider _clock = new();

    private static List<long> Drain(Schedule schedule)
    {
        List<long> order = [];
        while (schedule.TryTake(out SpoolId id, out _))
        {
            order.Add(id.Value);
            schedule.Return(id);
        }
        return order;
    }

    [Fact]
    public void New_and_retried_mail_take_turns()
    {
        Schedule schedule = new(_clock);
        for (int i = 1; i <= 3; i++)
        {
            schedule.AddNew(new SpoolId(i));
            schedule.AddDeferred(new SpoolId(100 + i), _clock.GetUtcNow().AddSeconds(i - 10));
        }
        Assert.Equal([1, 101, 2, 102, 3, 103], Drain(schedule));
    }

    [Fact]
    public void Higher_priorities_go_first_and_equals_as_they_came() // RFC 6710 §5.1
    {
        Schedule schedule = new(_clock);
        int[] priorities = [0, -9, 4, 9, 0, 4];
        for (int i = 0; i < priorities.Length; i++)
        {
            schedule.AddNew(new SpoolId(i), priorities[i]);
        }
        Assert.Equal([3, 2, 5, 0, 4, 1], Drain(schedule));
        for (int i = 0; i < priorities.Length; i++)
        {
            schedule.AddDeferred(new SpoolId(i), _clock.GetUtcNow().AddSeconds(-i), priorities[i]);
        }
        Assert.Equal([3, 5, 2, 4, 0, 1], Drain(schedule));
    }

    [Fact]
    public void A_deferred_message_of_high_priority_still_waits_for_its_time()
    {
        Schedule schedule = new(_clock);
        schedule.AddDeferred(new SpoolId(1), _clock.GetUtcNow().AddMinutes(1), 9);
        Assert.Empty(Drain(schedule));
        schedule.AddNew(new SpoolId(2), -9);
        Assert.Equal([2], Drain(schedule));
    }

    [Fact]
    public void However_much_urgent_mail_comes_the_lowest_gets_its_turn()
    {
        Schedule schedule = new(_clock);
        schedule.AddNew(new SpoolId(1), -9);
        int urgent = 0;
        for (bool isTaken = false; !isTaken; urgent++)
        {
            schedule.AddNew(new SpoolId(2 + 2 * urgent), 9);
            schedule.AddNew(new SpoolId(3 + 2 * urgent), 9);
            Assert.True(schedule.TryTake(out SpoolId id, out _));
            isTaken = id.Value == 1;
            _clock.Advance(TimeSpan.FromMinutes(1));
            Assert.True(urgent < 4 * 18 * 60, "starved");
        }
        Assert.True(urgent > 18 * 60, "it went before mail of higher priority that came soon after it");
    }

    [Fact]
    public void What_is_not_due_waits_and_says_until_when()
    {
        Schedule schedule = new(_clock);
        schedule.AddDeferred(new SpoolId(2), _clock.GetUtcNow().AddMinutes(2));
        schedule.AddDeferred(new SpoolId(1), _clock.GetUtcNow().AddMinutes(1));
        Assert.False(schedule.TryTake(out _, out DateTimeOffset? next));
        Assert.Equal(_clock.GetUtcNow().AddMinutes(1), next);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([1], Drain(schedule));
        schedule.Flush();
        Assert.Equal([2], Drain(schedule));
    }

    [Fact]
    public void Ids_grow_though_the_clock_stands_still_and_read_back()
    {
        SpoolIdSource source = new(_clock);
        SpoolId first = source.Next();
        source.SkipTo(new SpoolId(first.Value + 10));
        SpoolId second = source.Next();
        Assert.Equal(first.Value + 11, second.Value);
        Assert.True(string.CompareOrdinal(first.ToString(), second.ToString()) < 0);
        Assert.True(SpoolId.TryParse(second.ToString(), out SpoolId parsed));
        Assert.Equal(second, parsed);
        Assert.False(SpoolId.TryParse("../../etc/x", out _));
    }

    [Fact]
    public void Who_owns_a_message_keeps_it_from_everybody_else_until_it_is_returned()
    {
        Schedule schedule = new(_clock);
        SpoolId id = new(1);
        schedule.AddNew(id);
        Assert.True(schedule.TryClaim(id));
        Assert.False(schedule.TryClaim(id));
        Assert.False(schedule.TryTake(out _, out _));
        Task free = schedule.WhenFreeAsync(id);
        Assert.False(free.IsCompleted);
        schedule.Return(id);
        Assert.True(free.IsCompleted);
        Assert.True(schedule.TryTake(out SpoolId taken, out _));
        Assert.Equal(id, taken);
        schedule.AddNew(id);
        Assert.False(schedule.TryTake(out _, out _)); // Its taker is not done.
        schedule.Return(id);
        Assert.Equal([1], Drain(schedule));
    }

    [Fact]
    public void A_message_waits_once_however_often_it_is_added()
    {
        Schedule schedule = new(_clock);
        schedule.AddDeferred(new SpoolId(1), _clock.GetUtcNow().AddHours(1));
        schedule.AddNew(new SpoolId(1));
        schedule.AddNew(new SpoolId(1));
        schedule.AddNew(new SpoolId(2));
        schedule.Remove(new SpoolId(2));
        schedule.AddNew(new SpoolId(3));
        schedule.Forget(new SpoolId(3));
        schedule.AddNew(new SpoolId(3));
        Assert.Equal(1, schedule.Count);
        Assert.Equal([1], Drain(schedule));
        _clock.Advance(TimeSpan.FromHours(2));
        Assert.Empty(Drain(schedule));
    }
}
