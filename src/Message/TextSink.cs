namespace MailAccess.Message;

/// <summary>Takes decoded text, piece by piece.</summary>
public interface ITextSink
{
    /// <summary>The next characters, valid during the call; false to hear no more.</summary>
    bool Write(ReadOnlySpan<char> text);

    /// <summary>A field or a body part ends: what follows is no continuation of it.</summary>
    void EndOfText();
}
