using System.Text;

namespace MailAccess.Auth.Sasl;

/// <summary>What a SCRAM mechanism has to do with channel binding.</summary>
internal enum ScramBinding
{
    /// <summary>Nothing: no mechanism with channel binding is announced on this connection.</summary>
    NotOffered,
    /// <summary>The mechanism has none, but another one that has is announced on this connection.</summary>
    Declined,
    /// <summary>The mechanism is a -PLUS one.</summary>
    Required,
}

/// <summary>The server's side of channel binding in SCRAM — RFC 5802 §6. Pure.</summary>
/// <param name="Binding">What the mechanism demands.</param>
/// <param name="EndPoint">tls-server-end-point data of the connection's own handshake: RFC 5929 §4.</param>
internal readonly record struct ScramChannel(ScramBinding Binding, ReadOnlyMemory<byte> EndPoint)
{
    /// <summary>The only type served: the framework tells nothing that tls-exporter (RFC 9266) could be made of.</summary>
    private const string ServerEndPoint = "tls-server-end-point";

    /// <summary>What is wrong with what the client says of channel binding, a server-error-value of RFC 5802 §7; null: nothing.</summary>
    public string? FindProblem(ScramClientFirst first) => (first.BindingFlag, Binding) switch
    {
        (ScramBindingFlag.Required, ScramBinding.Required) => first.BindingType == ServerEndPoint ? null : "unsupported-channel-binding-type",
        (ScramBindingFlag.Required, _) => "channel-binding-not-supported", // By this mechanism: its name has no -PLUS.
        // It did not see what we announced: somebody took it away. §6
        (ScramBindingFlag.BelievedUnsupported, ScramBinding.Declined) => "server-does-support-channel-binding",
        (_, ScramBinding.Required) => "server-does-support-channel-binding",
        _ => null,
    };

    /// <summary>cbind-input = gs2-header [ cbind-data ] — RFC 5802 §7: what "c" must be, or the two sides do not see the same channel.</summary>
    public bool Fits(ScramClientFirst first, ReadOnlySpan<byte> received)
    {
        byte[] header = Encoding.UTF8.GetBytes(first.Gs2Header);
        ReadOnlySpan<byte> data = first.BindingFlag == ScramBindingFlag.Required ? EndPoint.Span : default;
        return received.StartsWith(header) && received[header.Length..].SequenceEqual(data);
    }
}
