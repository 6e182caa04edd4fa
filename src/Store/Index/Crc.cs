using System.Numerics;
using System.Runtime.InteropServices;

namespace MailAccess.Store.Index;

/// <summary>CRC-32C of octets, in hardware where there is any.</summary>
internal static class Crc
{
    public static uint Of(ReadOnlySpan<byte> octets) => Continue(0xFFFF_FFFF, octets) ^ 0xFFFF_FFFF;

    /// <summary>For content in pieces: start with all ones, at the end invert.</summary>
    public static uint Continue(uint crc, ReadOnlySpan<byte> octets)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(octets);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }
        foreach (byte octet in octets[(words.Length * 8)..])
        {
            crc = BitOperations.Crc32C(crc, octet);
        }
        return crc;
    }
}
