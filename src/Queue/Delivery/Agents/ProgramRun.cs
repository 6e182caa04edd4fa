using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Text;
using MailAccess.Store;
using MailAccess.Store.Delivery;

namespace MailAccess.Queue;

/// <summary>A program to run, and how.</summary>
internal sealed record ProgramRequest
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    public required string Directory { get; init; }

    /// <summary>All of its environment.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Whose rights it has; null: ours.</summary>
    public required string? User { get; init; }

    public required TimeSpan TimeLimit { get; init; }

    public required ProgramLimits Limits { get; init; }

    /// <summary>What comes before the message, with line ends as <see cref="Form"/> has them.</summary>
    public required byte[] Head { get; init; }

    public required CopyForm Form { get; init; }
}

/// <summary>How a run ended.</summary>
internal enum ProgramEnding
{
    /// <summary>By itself or by a signal; there is an exit status.</summary>
    Exited,
    /// <summary>It could not be started.</summary>
    NotStarted,
    /// <summary>Its time was up, and it was ended.</summary>
    TimedOut,
    /// <summary>The message could not be read to its end, and it was ended.</summary>
    NoContent,
}

/// <summary>The outcome of a run.</summary>
/// <param name="Ending">How it ended.</param>
/// <param name="Status">As shells count: 128 and the signal where one ended it.</param>
/// <param name="Output">The beginning of its standard output and error.</param>
/// <param name="Fault">Why it was not started, or what the content's failure was.</param>
internal sealed record ProgramResult(ProgramEnding Ending, int Status, byte[] Output, Exception? Fault);

/// <summary>
/// Runs one program with a message on its standard input, in a session of its own.
/// </summary>
/// <remarks>
/// A program that says more than is kept, reads nothing, or leaves others behind that hold its pipes does not hold us up: what it says is read and
/// dropped, and its own exit ends reading and writing. Ended by force are the program and all of its session's first process group.
/// A small shell script sets umask and limits in between; arguments are handed on as they are and never read by it. It is the shell's <c>ulimit</c>
/// and not prlimit(2) because limits must be there before the program is, and setrlimit in a forked child is nothing that a managed process can do.
/// </remarks>
internal static class ProgramRun
{
    private const int OutputOctetsMax = 4096;
    private const int ChunkOctets = 64 * 1024;
    private const int KilledStatus = 128 + 9;
    private const int KiB = 1024;
    private const int BlockOctets = 512; // POSIX: the unit of ulimit -f.

    /// <summary>For setsid(1) and sh(1), which every system with util-linux or busybox has there.</summary>
    private const string SessionProgram = "/usr/bin/setsid";
    private const string Shell = "/bin/sh";

    /// <summary>Throws for cancellation alone; then nothing runs any more.</summary>
    public static async Task<ProgramResult> RunAsync(ProgramRequest request, IMessageContent content, TimeProvider clock, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        PosixPrograms.CloseDescriptorsInPrograms();
        Process? started;
        try
        {
            started = Process.Start(StartInfo(request));
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return new ProgramResult(ProgramEnding.NotStarted, 0, [], e);
        }
        using Process process = started ?? throw new UnreachableException("a program that is started anew is a new process");
        using CancellationTokenSource limit = new(request.TimeLimit, clock);
        using CancellationTokenSource forced = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        using CancellationTokenSource exited = new();
        OutputStart output = new();
        IOException? fault;
        TaskCompletionSource beyond = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool hasExited;
        await using (forced.Token.Register(() => Kill(process, beyond)))
        {
            Task exit = process.WaitForExitAsync(CancellationToken.None);
            Task reading = ReadAsync(process.StandardOutput.BaseStream, output, exited.Token);
            Task<IOException?> writing = WriteAsync(request, content, process, beyond, exited.Token);
            await Task.WhenAny(exit, beyond.Task);
            hasExited = exit.IsCompletedSuccessfully;
            await exited.CancelAsync();
            fault = await writing;
            await reading;
        }
        Drain((PipeStream)process.StandardOutput.BaseStream, output);
        int status = hasExited ? process.ExitCode : KilledStatus;
        bool wasKilled = status == KilledStatus;
        if (wasKilled && stop.IsCancellationRequested)
        {
            throw new OperationCanceledException(stop);
        }
        ProgramEnding ending = fault is not null ? ProgramEnding.NoContent
            : wasKilled && limit.IsCancellationRequested ? ProgramEnding.TimedOut : ProgramEnding.Exited;
        return new ProgramResult(ending, status, output.ToArray(), fault);
    }

    private static ProcessStartInfo StartInfo(ProgramRequest request)
    {
        ProcessStartInfo info = new(SessionProgram)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = request.Directory,
            UserName = request.User,
        };
        foreach (string word in (IEnumerable<string>)[Shell, "-c", Script(request.Limits), "mail", .. request.Arguments])
        {
            info.ArgumentList.Add(word);
        }
        info.Environment.Clear();
        foreach ((string name, string value) in request.Environment)
        {
            info.Environment[name] = value;
        }
        return info;
    }

    // A limit that cannot be set must not be left out: 75 is EX_TEMPFAIL. The option for processes has two letters among shells.
    private static string Script(ProgramLimits limits)
    {
        StringBuilder script = new("exec 2>&1; umask 077; ulimit -c 0; ");
        Add("-t {0}", limits.ProcessorTimeMax is { } time ? Math.Max(1, (long)time.TotalSeconds) : null);
        Add("-v {0}", limits.MemoryOctetsMax / KiB);
        Add("-f {0}", limits.FileOctetsMax / BlockOctets);
        Add("-p {0} 2>/dev/null || ulimit -u {0}", limits.ProcessesMax);
        return script.Append("exec \"$@\"").ToString();

        void Add(string option, long? value)
        {
            if (value is { } number)
            {
                script.Append("ulimit ").Append(option.Replace("{0}", number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)).Append(" || exit 75; ");
            }
        }
    }

    /// <summary>A program that has taken other rights, as set-uid programs do where we are not root, is left to itself.</summary>
    private static void Kill(Process process, TaskCompletionSource beyond)
    {
        if (!PosixPrograms.TryKill(process.Id))
        {
            beyond.TrySetResult();
        }
    }

    /// <summary>
    /// The failure of the content, if it had one: then the program is ended before it can take the end of its input for the message's. That it does not
    /// read all is no fault.
    /// </summary>
    private static async Task<IOException?> WriteAsync(ProgramRequest request, IMessageContent content, Process process, TaskCompletionSource beyond, CancellationToken exited)
    {
        await using Stream pipe = process.StandardInput.BaseStream; // Closed last.
        bool mayEnd = false;
        try
        {
            MessageCopy copy = new(request.Form);
            ArrayBufferWriter<byte> output = new(ChunkOctets);
            output.Write(request.Head);
            byte[] input = new byte[(int)Math.Clamp(content.Octets, 1, ChunkOctets)];
            int length = 1;
            for (long offset = 0; length > 0 && !mayEnd; output.ResetWrittenCount())
            {
                length = await content.ReadAsync(offset, input, exited);
                offset += length;
                copy.Write(input.AsSpan(0, length), output);
                if (length == 0)
                {
                    copy.Finish(output);
                }
                mayEnd = !await TryWriteAsync(pipe, output.WrittenMemory, exited);
            }
            mayEnd = true;
            return null;
        }
        catch (OperationCanceledException)
        {
            mayEnd = true; // It has exited.
            return null;
        }
        catch (IOException e)
        {
            return e;
        }
        finally
        {
            if (!mayEnd)
            {
                Kill(process, beyond);
            }
        }
    }

    /// <summary>False: EPIPE, it reads no more, and its exit will say what that means.</summary>
    private static async Task<bool> TryWriteAsync(Stream pipe, ReadOnlyMemory<byte> octets, CancellationToken exited)
    {
        try
        {
            await pipe.WriteAsync(octets, exited);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task ReadAsync(Stream pipe, OutputStart output, CancellationToken exited)
    {
        byte[] buffer = new byte[OutputOctetsMax];
        try
        {
            while (await pipe.ReadAsync(buffer, exited) is int length and > 0)
            {
                output.Add(buffer.AsSpan(0, length));
            }
        }
        catch (OperationCanceledException)
        {
            // It has exited. What it said before is there, and read without waiting for those that it left behind.
        }
    }

    private static void Drain(PipeStream pipe, OutputStart output)
    {
        byte[] buffer = new byte[OutputOctetsMax];
        while (!output.IsFull && PosixPrograms.IsReadable(pipe.SafePipeHandle) && pipe.Read(buffer) is int length and > 0)
        {
            output.Add(buffer.AsSpan(0, length));
        }
    }

    private sealed class OutputStart
    {
        private readonly byte[] _octets = new byte[OutputOctetsMax];
        private int _length;

        public bool IsFull => _length == _octets.Length;

        public void Add(ReadOnlySpan<byte> octets)
        {
            int kept = Math.Min(octets.Length, _octets.Length - _length);
            octets[..kept].CopyTo(_octets.AsSpan(_length));
            _length += kept;
        }

        public byte[] ToArray() => _octets[.._length];
    }
}
