namespace MailAccess.Message;

/// <summary>A change to a run of octets, in a list of such that ascend and do not overlap.</summary>
/// <param name="Offset">Where, in what is changed.</param>
/// <param name="Removed">So many octets go there.</param>
/// <param name="Replacement">What comes for them.</param>
public readonly record struct OctetEdit(long Offset, int Removed, byte[] Replacement);
