using System.Diagnostics.CodeAnalysis;

namespace MailAccess.Imap.Responses;

/// <summary>
/// Tells a client that waits in silence that its command is still under way, and how far it is: RFC 9585. The handler calls it, and only
/// where one response has ended and the next has not begun.
/// </summary>
internal sealed class CommandProgress(ImapSession session)
{
    private long _spokenAt;
    private long _done;
    private long _goal;
    private bool _isFixed;

    private TimeProvider Clock => session.Services.Clock;

    private TimeSpan Silence => Clock.GetElapsedTime(_spokenAt);

    private TimeSpan Interval => session.Services.Limits.ProgressInterval;

    private bool IsOn => session.Account is not null && !session.Services.IsDisabled("INPROGRESS");

    /// <summary>A command begins.</summary>
    public void Begin()
    {
        (_done, _goal, _isFixed) = (0, 0, false);
        Speak();
    }

    /// <summary>The client has just been sent something: it knows that we are there.</summary>
    public void Speak() => _spokenAt = Clock.GetTimestamp();

    /// <summary>The command has several parts, of which so many are done; what they count of themselves is no longer told.</summary>
    public void CountParts(long done, long goal)
    {
        _isFixed = false;
        Count(done, goal);
        _isFixed = true;
    }

    /// <summary>So many of so many are done. Never less than before, of as many: RFC 9585 §4.</summary>
    public void Count(long done, long goal)
    {
        if (!_isFixed)
        {
            (_done, _goal) = (goal == _goal ? Math.Max(done, _done) : done, goal);
        }
    }

    /// <summary>The same, and tells it when it is time. Costs a look at the clock.</summary>
    public ValueTask TickAsync(long done, long goal)
    {
        Count(done, goal);
        return Silence >= Interval && IsOn ? TellAsync() : default;
    }

    /// <summary>Tells it again and again while the store works. What works must not write to the client.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "The work is awaited once, by one of the two branches.")]
    public async ValueTask<T> WatchAsync<T>(ValueTask<T> work)
    {
        if (work.IsCompleted || !IsOn)
        {
            return await work;
        }
        Task<T> task = work.AsTask();
        while (!task.IsCompleted)
        {
            TimeSpan left = Interval - Silence;
            try
            {
                return await task.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, Clock);
            }
            catch (TimeoutException) // Of the wait; one of the work itself is thrown below.
            {
                await (task.IsCompleted ? default : TellWhoMayBeGoneAsync());
            }
        }
        return await task;
    }

    /// <summary>
    /// Also where the client is gone the handler gets what it waits for: it may be a mailbox that has to be closed. The next response fails, and ends
    /// the session.
    /// </summary>
    private async ValueTask TellWhoMayBeGoneAsync()
    {
        try
        {
            await TellAsync();
        }
        catch (IOException)
        {
            Speak();
        }
    }

    /// <summary>
    /// resp-text-code =/ "INPROGRESS" [SP "(" tag SP progress SP goal ")"], where either number may be NIL — RFC 9585 §4, §6. All that is done is
    /// told by the tagged response, never here.
    /// </summary>
    private ValueTask TellAsync()
    {
        ImapWriter writer = session.Writer;
        writer.Write("* OK [INPROGRESS ("u8);
        writer.WriteString(session.Tag.Span);
        if (_goal > 0)
        {
            writer.Write(" "u8);
            writer.WriteNumber(Math.Min(_done, _goal - 1));
            writer.Write(" "u8);
            writer.WriteNumber(_goal);
        }
        else
        {
            writer.Write(" NIL NIL"u8);
        }
        writer.Write(")] still at it\r\n"u8);
        Speak();
        return writer.FlushAsync();
    }
}
