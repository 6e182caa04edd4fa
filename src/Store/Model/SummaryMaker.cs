using MailAccess.Message;

namespace MailAccess.Store.Model;

/// <summary>Makes a message's cache entry while its octets flow by.</summary>
internal sealed class SummaryMaker
{
    private readonly MessageParser _parser = new();

    public void Feed(ReadOnlySpan<byte> octets) => _parser.Feed(octets);

    /// <inheritdoc cref="MessageParser.Octets"/>
    public long Octets => _parser.Octets;

    /// <inheritdoc cref="MessageParser.IsCrlfThroughout"/>
    public bool IsCrlfThroughout => _parser.IsCrlfThroughout;

    /// <summary>After the last octet: the encoded summary.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        _parser.Finish();
        return _parser.Summarize().Encoded;
    }
}
