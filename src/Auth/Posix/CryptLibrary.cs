using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace MailAccess.Auth.Posix;

/// <summary>
/// crypt(3) of this system's libcrypt: DES, MD5, bcrypt, SHA-256, SHA-512, scrypt, yescrypt, whatever it was built with.
/// </summary>
/// <remarks>Thread-safe: each call has its own work space (crypt_r).</remarks>
internal static unsafe class CryptLibrary
{
    /// <summary>sizeof(struct crypt_data) is 32 KiB in libxcrypt and 128 KiB in old glibc; room for both.</summary>
    private const int WorkSpaceOctets = 256 * 1024;

    /// <summary>Longest result; CRYPT_OUTPUT_SIZE of libxcrypt is 384.</summary>
    private const int ResultOctetsMax = 512;

    private static readonly string[] Names = ["libcrypt.so.1", "libcrypt.so.2", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

    private static readonly delegate* unmanaged[Cdecl]<byte*, byte*, void*, byte*> CryptR = Find();

    /// <summary>False where the library is not installed; its package is libcrypt1 (Debian) or libxcrypt (others).</summary>
    public static bool IsAvailable => CryptR != null;

    /// <summary>The hash of a phrase under a setting (a stored hash is one), or null where the library refuses the setting.</summary>
    public static byte[]? TryHash(ReadOnlySpan<byte> phrase, ReadOnlySpan<byte> setting)
    {
        if (CryptR == null || phrase.Contains((byte)0) || setting.Contains((byte)0))
        {
            return null;
        }
        byte[] phraseZ = GC.AllocateUninitializedArray<byte>(phrase.Length + 1, pinned: true);
        byte[] settingZ = new byte[setting.Length + 1];
        phrase.CopyTo(phraseZ);
        phraseZ[^1] = 0;
        setting.CopyTo(settingZ);
        void* workSpace = NativeMemory.AllocZeroed(WorkSpaceOctets);
        try
        {
            fixed (byte* phrasePointer = phraseZ, settingPointer = settingZ)
            {
                byte* result = CryptR(phrasePointer, settingPointer, workSpace);
                // libxcrypt reports failure by "*0" or "*1", which no setting equals; older ones by null.
                return result == null || *result == (byte)'*' ? null : Copy(result);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(phraseZ);
            CryptographicOperations.ZeroMemory(new Span<byte>(workSpace, WorkSpaceOctets));
            NativeMemory.Free(workSpace);
        }
    }

    private static byte[]? Copy(byte* text)
    {
        int length = new ReadOnlySpan<byte>(text, ResultOctetsMax).IndexOf((byte)0);
        return length < 0 ? null : new ReadOnlySpan<byte>(text, length).ToArray();
    }

    private static delegate* unmanaged[Cdecl]<byte*, byte*, void*, byte*> Find()
    {
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint library) && NativeLibrary.TryGetExport(library, "crypt_r", out nint address))
            {
                return (delegate* unmanaged[Cdecl]<byte*, byte*, void*, byte*>)address;
            }
        }
        return null;
    }
}
