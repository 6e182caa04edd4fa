using System.Buffers.Binary;
using System.Diagnostics;

namespace MailAccess.Message;

/// <summary>What a summary says besides structure: found while the message flows by.</summary>
internal sealed record SummaryDetails(byte[] SortKeys, byte[] ThreadKeys, UInt128? Thread)
{
    /// <summary>Hash of the whole message.</summary>
    public UInt128 Content { get; init; }

    /// <summary>UTF-8.</summary>
    public byte[] Preview { get; init; } = [];

    /// <summary>At the end of the message's own header.</summary>
    public static SummaryDetails OfHeader(HeaderCapture header, MessageLimits limits)
    {
        byte[] threadKeys = MessageThreadKeys.Encode(header, limits, out UInt128? thread);
        return new SummaryDetails(MessageSortKeys.Encode(header), threadKeys, thread);
    }
}

/// <summary>Puts a summary together: first what is sent as it is.</summary>
internal static class SummaryComposer
{
    public static MessageSummary Compose(
        PartBuilder root, MimePart structure, SummaryDetails details, HeaderCapture header, bool describesGlobal, MessageLimits limits)
    {
        List<MessageSummaryField> kinds = [MessageSummaryField.Envelope, MessageSummaryField.BodyStructure, MessageSummaryField.Body];
        List<ReadOnlyMemory<byte>> fields =
        [
            root.Envelope ?? throw new UnreachableException("the root has an envelope"),
            BodyStructureRenderer.Render(root, BodyStructureForm.Extended, describesGlobal, limits),
            BodyStructureRenderer.Render(root, BodyStructureForm.Basic, describesGlobal, limits),
        ];
        Add(MessageSummaryField.ObjectIds, Ids(details));
        if (header.KeptFields is { } keptFields)
        {
            Add(MessageSummaryField.HeaderFields, keptFields);
        }
        Add(MessageSummaryField.Structure, StructureCodec.Encode(structure));
        Add(MessageSummaryField.Preview, details.Preview);
        Add(MessageSummaryField.SortKeys, details.SortKeys);
        Add(MessageSummaryField.ThreadKeys, details.ThreadKeys);
        if (header.HasInternationalized)
        {
            Add(MessageSummaryField.Internationalized, []);
        }
        return new MessageSummary(MessageSummaryCodec.Encode([.. kinds], fields));

        void Add(MessageSummaryField kind, byte[] field)
        {
            kinds.Add(kind);
            fields.Add(field);
        }
    }

    private static byte[] Ids(SummaryDetails details)
    {
        byte[] ids = new byte[32];
        BinaryPrimitives.WriteUInt128BigEndian(ids, details.Content);
        BinaryPrimitives.WriteUInt128BigEndian(ids.AsSpan(16), details.Thread ?? details.Content);
        return ids;
    }
}
