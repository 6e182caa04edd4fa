using System.Buffers;
using System.Text;

namespace MailAccess.Message;

/// <summary>How a part leaves.</summary>
internal enum SevenBitForm : byte
{
    /// <summary>As it is.</summary>
    Unchanged,
    /// <summary>As it is, but that it says to be "7bit": it holds parts.</summary>
    Relabelled,
    QuotedPrintable,
    Base64,
}

/// <summary>
/// Reads a message once to say whether it can be brought through a channel of 7 bits (RFC 6152 §3), and in what form each part goes then.
/// <see cref="SevenBitEncoder"/> does it when the message is read again.
/// </summary>
/// <remarks>Memory: an octet per part, and what <see cref="MessageLimits"/> bound.</remarks>
public sealed class SevenBitPlan : PartRewriter
{
    // More than one in six needs more octets in quoted-printable than in base64: 3 for 1 against 4 for 3.
    private const int EightBitShareMax = 6;

    private readonly NullWriter _nowhere = new();
    private readonly List<SevenBitForm> _forms = [];
    private int _current = -1;
    private bool _isText;
    private bool _mayBeEncoded;
    private bool _holdsParts;
    private bool _isShown;
    private int _depth;
    private long _octets;
    private long _eightBit;

    /// <summary>For one message.</summary>
    public SevenBitPlan()
        : this(MessageLimits.Default)
    {
    }

    /// <summary>For one message, within these limits.</summary>
    public SevenBitPlan(MessageLimits limits)
        : base(limits) => Limits = limits;

    /// <summary>After <see cref="Finish"/>: it can be converted. Not what is signed, nor what no encoding is allowed for.</summary>
    public bool IsPossible { get; private set; } = true;

    internal MessageLimits Limits { get; }

    internal IReadOnlyList<SevenBitForm> Forms => _forms;

    /// <summary>The next octets of the message.</summary>
    public void Feed(ReadOnlySpan<byte> octets) => Feed(octets, _nowhere);

    /// <summary>After the last octet.</summary>
    public void Finish()
    {
        Finish(_nowhere);
        EndPart(isFollowedByItsParts: false);
        IsPossible &= !HasGivenUp;
    }

    internal static bool IsLookedInto(ContentDescription content) => content is { Type: "MESSAGE", Subtype: "RFC822", IsEncoded: false };

    private protected override bool LooksInto(ContentDescription content) => IsLookedInto(content);

    private protected override PartTreatment Treat(ContentDescription content, bool holdsParts)
    {
        EndPart(isFollowedByItsParts: OpenMultiparts == _depth);
        _current = _forms.Count;
        _holdsParts = holdsParts;
        _depth = OpenMultiparts + 1;
        _isText = content.Type == "TEXT";
        // message/global and its kin may be encoded (RFC 6532 §3.7, RFC 6533 §4), other messages and multiparts not (RFC 2045 §6.4);
        // what is encoded already must not be once more, and of unknown encodings nothing is known.
        _mayBeEncoded = !IsSigned && !content.IsMultipart && content.TransferEncoding is ("7BIT" or "8BIT" or "BINARY")
            && (content.Type != "MESSAGE" || content.Subtype.StartsWith("GLOBAL", StringComparison.Ordinal));
        _forms.Add(holdsParts && !IsSigned && content.TransferEncoding is ("8BIT" or "BINARY") ? SevenBitForm.Relabelled : SevenBitForm.Unchanged);
        return default;
    }

    private protected override void WriteLines(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        _octets += octets.Length;
        if (!Ascii.IsValid(octets))
        {
            foreach (byte octet in octets)
            {
                _eightBit += octet >> 7;
            }
            IsPossible &= !IsSigned; // Not even beside the parts: all of it was signed.
        }
    }

    private protected override void LeaveParts()
    {
        bool hadNoParts = _current >= 0 && _holdsParts;
        EndPart(isFollowedByItsParts: false);
        _isShown = hadNoParts;
    }

    private void EndPart(bool isFollowedByItsParts)
    {
        if (_eightBit > 0 && ((_current >= 0 && _holdsParts && !isFollowedByItsParts) || (_current < 0 && _isShown)))
        {
            IsPossible = false; // Of a multipart without parts people are shown what is there.
        }
        else if (_current >= 0 && _eightBit > 0 && !_holdsParts)
        {
            IsPossible &= _mayBeEncoded;
            _forms[_current] = _isText && _eightBit * EightBitShareMax <= _octets ? SevenBitForm.QuotedPrintable : SevenBitForm.Base64;
        }
        _isShown = false;
        _current = -1;
        _octets = 0;
        _eightBit = 0;
    }

    /// <summary>Nobody reads what is only looked at.</summary>
    private sealed class NullWriter : IBufferWriter<byte>
    {
        private byte[] _unread = new byte[64 * 1024];

        public void Advance(int count)
        {
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => _unread.Length >= sizeHint ? _unread : _unread = new byte[sizeHint];

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
