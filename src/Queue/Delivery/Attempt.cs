using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>One attempt under way: gathers what comes of it and writes each result down as it comes.</summary>
/// <param name="message">As noted before the attempt.</param>
/// <param name="resultsDue">How many results will come, if nothing goes wrong.</param>
/// <param name="save">Writes a step of the message, as it is then, to the spool, with what was not written before, which it clears.</param>
/// <param name="describe">What the log says of a result.</param>
/// <param name="clock">For when a recipient was tried.</param>
/// <param name="replyTextMax">Characters of a reply that are kept.</param>
internal sealed class Attempt(
    SpoolMessage message, int resultsDue, Func<SpoolMessage, Unwritten, SpoolUpdate, UpdateDurability, Task> save,
    Func<SpoolMessage, TransactionResult, IEnumerable<DeliveryFacts>> describe, TimeProvider clock, int replyTextMax) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private int _left = resultsDue;

    /// <summary>With all results so far.</summary>
    public SpoolMessage Message { get; private set; } = message;

    /// <summary>The last result is left to the caller, who writes it together with what follows from it.</summary>
    public Unwritten Unwritten { get; } = new();

    public void Dispose() => _gate.Dispose();

    /// <summary>Writes a result so that it survives what the durability says.</summary>
    public async Task RecordAsync(TransactionResult result, UpdateDurability durability)
    {
        await _gate.WaitAsync();
        try
        {
            _left--;
            Take(result);
            if (_left > 0)
            {
                await SaveAsync(durability);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Writes a part of a result that is still to come, so that it survives our own death. A spool that fails does not disturb: the whole result takes the part along.
    /// </summary>
    public async Task NoteAsync(TransactionResult part)
    {
        await _gate.WaitAsync();
        try
        {
            Take(part);
            await SaveAsync(UpdateDurability.Process);
        }
        catch (IOException)
        {
            // Still unwritten.
        }
        finally
        {
            _gate.Release();
        }
    }

    private void Take(TransactionResult result)
    {
        DateTimeOffset now = clock.GetUtcNow();
        SpoolUpdate update = new() { Recipients = [.. result.Outcomes.Select(o => ToChange(o, result.RemoteHost, now))] };
        Message = Message.Apply(update);
        Unwritten.Add(update);
        Unwritten.Say(describe(Message, result));
    }

    private Task SaveAsync(UpdateDurability durability) => save(Message, Unwritten, new SpoolUpdate(), durability);

    private RecipientChange ToChange(RecipientOutcome outcome, string? host, DateTimeOffset now)
    {
        int keep = Math.Min(outcome.Reply.Text.Length, replyTextMax);
        SmtpReply reply = outcome.Reply with { Text = outcome.Reply.Text[..keep] };
        SpoolRecipient before = Message.Recipients[outcome.Index];
        if (before.Status == RecipientStatus.Pending && outcome.Status == RecipientStatus.Pending && before.LastReply == reply && before.RemoteHost == host)
        {
            return new RecipientChange(outcome.Index) { At = now }; // As the last time: dozens of attempts for thousands of recipients make no novel.
        }
        return new RecipientChange(outcome.Index) { Status = outcome.Status, Reply = reply, RemoteHost = host, At = now };
    }
}
