using System.Net;
using MailAccess.Testing;

namespace MailAccess.Auth.Tests;

public sealed class LoginThrottleTests
{
    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.1");
    private readonly ManualTimeProvider _clock = new();
    private readonly AuthLimits _limits = new();

    [Fact]
    public void Delays_grow_to_fifteen_seconds_and_no_further()
    {
        LoginThrottle throttle = new(_limits, _clock);
        List<double> before = [];
        for (uint i = 0; i < 30; i++)
        {
            before.Add(throttle.DelayBeforeCheck(Client).TotalSeconds);
            throttle.AddFailure(Client, i);
        }
        Assert.Equal([0, 0, 0, 2, 4, 8, 15, 15], before.Take(8));
        Assert.Equal(15, before.Max());
    }

    [Fact]
    public void One_wrong_password_tried_again_and_again_is_one_failure()
    {
        LoginThrottle throttle = new(_limits, _clock);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(_limits.FailureFloor, throttle.AddFailure(Client, 7));
        }
        Assert.Equal(1, throttle.FailuresOf(Client));
        throttle.AddFailure(Client, 8);
        Assert.Equal(2, throttle.FailuresOf(Client));
    }

    [Fact]
    public void Failures_are_forgotten_one_a_minute()
    {
        LoginThrottle throttle = new(_limits, _clock);
        for (uint i = 0; i < 4; i++)
        {
            throttle.AddFailure(Client, i);
        }
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(4, throttle.FailuresOf(Client));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(3, throttle.FailuresOf(Client));
        _clock.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(0, throttle.FailuresOf(Client));
        Assert.Equal(TimeSpan.Zero, throttle.DelayBeforeCheck(Client));
    }

    [Fact]
    public void The_worst_is_forgotten_within_a_quarter_of_an_hour()
    {
        LoginThrottle throttle = new(_limits, _clock);
        for (uint i = 0; i < 1000; i++)
        {
            throttle.AddFailure(Client, i);
        }
        _clock.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal(TimeSpan.Zero, throttle.DelayBeforeCheck(Client));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    public void An_address_answers_for_its_host_or_its_64_bit_prefix(string failed, string asked, bool isSame)
    {
        LoginThrottle throttle = new(_limits, _clock);
        throttle.AddFailure(IPAddress.Parse(failed), 1);
        Assert.Equal(isSame ? 1 : 0, throttle.FailuresOf(IPAddress.Parse(asked)));
    }

    [Fact]
    public void The_table_is_bounded_and_keeps_those_that_failed_last()
    {
        LoginThrottle throttle = new(_limits with { ThrottleEntriesMax = 100 }, _clock);
        throttle.AddFailure(Client, 1);
        for (uint i = 0; i < 500; i++)
        {
            throttle.AddFailure(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), i);
            if (i % 50 == 0)
            {
                throttle.AddFailure(Client, 1);
            }
        }
        Assert.Equal(1, throttle.FailuresOf(Client));
        Assert.Equal(0, throttle.FailuresOf(IPAddress.Parse("10.0.0.1")));
        Assert.Equal(1, throttle.FailuresOf(IPAddress.Parse("10.0.1.243")));
    }

    [Fact]
    public void Default_limits_keep_what_the_standards_ask()
    {
        Assert.True(PasswordHasher.DefaultIterations >= 4096); // RFC 7677 §4
        Assert.True(_limits.LoginNameOctetsMax >= 255);
        Assert.True(_limits.ScramMessageOctetsMax > _limits.LoginNameOctetsMax * 2 * 3);
        Assert.True(_limits.LongestPenalty + _limits.FailureFloor < TimeSpan.FromSeconds(30));
    }
}
