using System.Buffers;
using System.Globalization;
using System.Text;

namespace MailAccess.Wire;

/// <summary>Where wire transcripts go. Called from connections' own threads: must be quick and must not throw.</summary>
public interface ITranscriptSink
{
    /// <summary>One line: time of day, <c>C:</c> or <c>S:</c>, and what was said, secrets masked and without its line end.</summary>
    void Write(string connectionId, string line);
}

/// <summary>
/// Turns the octets of one connection, in whatever pieces they pass, into lines for a sink. Nothing leaves it that
/// <see cref="SecretMask"/> hides.
/// </summary>
internal sealed class WireTranscript(
    string connectionId, WireProtocol protocol, ITranscriptSink sink, TimeProvider clock, int lineOctetsMax)
{
    private readonly SecretMask _mask = new(protocol);
    private readonly Line _client = new(lineOctetsMax);
    private readonly Line _server = new(lineOctetsMax);
    private readonly Lock _gate = new();

    /// <summary>Octets the client sent.</summary>
    public void Client(ReadOnlySpan<byte> octets) => Feed(octets, _client);

    /// <summary>Octets we sent.</summary>
    public void Server(ReadOnlySpan<byte> octets) => Feed(octets, _server);

    private void Feed(ReadOnlySpan<byte> octets, Line line)
    {
        lock (_gate)
        {
            while (!octets.IsEmpty)
            {
                int lineFeed = octets.IndexOf((byte)'\n');
                ReadOnlySpan<byte> piece = lineFeed < 0 ? octets : octets[..lineFeed];
                // A line that was being sent while secrets were exchanged stays hidden, even if the answer overtakes its end.
                line.WasInExchange |= _mask.InExchange;
                line.Append(piece);
                if (lineFeed < 0)
                {
                    return;
                }
                Finish(line);
                octets = octets[(lineFeed + 1)..];
            }
        }
    }

    private void Finish(Line line)
    {
        ReadOnlySpan<byte> text = line.Text;
        int shown = line == _server ? _mask.ShowServer(text) : _mask.ShowClient(text);
        if (line == _client && line.WasInExchange)
        {
            shown = 0;
        }
        var output = new StringBuilder(shown + 24);
        output.Append(clock.GetUtcNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture));
        output.Append(line == _server ? " S: " : " C: ");
        AppendVisible(output, text[..shown]);
        if (shown < text.Length)
        {
            output.Append(shown == 0 ? "***" : " ***");
        }
        else if (line.Dropped > 0)
        {
            output.Append(CultureInfo.InvariantCulture, $"… ({line.Dropped} more octets)");
        }
        line.Clear();
        sink.Write(connectionId, output.ToString());
    }

    /// <summary>Control characters and octets beyond ASCII as \xHH: a transcript cannot forge lines of its own.</summary>
    private static void AppendVisible(StringBuilder output, ReadOnlySpan<byte> text)
    {
        foreach (byte octet in text)
        {
            if (octet is >= 0x20 and < 0x7F)
            {
                output.Append((char)octet);
            }
            else
            {
                output.Append(CultureInfo.InvariantCulture, $"\\x{octet:X2}");
            }
        }
    }

    /// <summary>The start of a line that is still coming.</summary>
    private sealed class Line(int octetsMax)
    {
        private readonly ArrayBufferWriter<byte> _text = new(256);

        public bool WasInExchange { get; set; }

        public long Dropped { get; private set; }

        public ReadOnlySpan<byte> Text => _text.WrittenSpan is [.. ReadOnlySpan<byte> whole, (byte)'\r'] ? whole : _text.WrittenSpan;

        public void Append(ReadOnlySpan<byte> octets)
        {
            int kept = Math.Min(octets.Length, octetsMax - _text.WrittenCount);
            _text.Write(octets[..kept]);
            Dropped += octets.Length - kept;
        }

        public void Clear()
        {
            _text.Clear(); // Zeroes it, too.
            WasInExchange = false;
            Dropped = 0;
        }
    }
}
