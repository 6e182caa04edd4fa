using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace MailAccess.Directories.Posix;

/// <summary>What the modules of a service said of a password.</summary>
internal enum PamOutcome
{
    /// <summary>It is right, and the account may be used.</summary>
    Right,
    /// <summary>It is wrong, or the account is locked, expired or unknown, or must first get a new password.</summary>
    Wrong,
    /// <summary>A module or what it asks does not work.</summary>
    Unavailable,
}

/// <summary>Linux-PAM: pam(3), of this system's libpam. Thread-safe as far as the modules are: each call has a transaction of its own.</summary>
/// <remarks>Blocks as long as the modules do; never called on a thread that others wait for.</remarks>
internal static unsafe class PosixPam
{
    private const int Success = 0;
    private const int ConversationError = 19;
    private const int PromptEchoOff = 1;
    private const int PromptEchoOn = 2;
    private const int ErrorMessage = 3;
    private const int TextInfo = 4;
    private const int ItemTty = 3;
    private const int ItemFailDelay = 10;
    private const int Silent = 0x8000;
    private const int DisallowNullAuthenticationToken = 1;
    private const int MessagesMax = 32; // PAM_MAX_NUM_MSG

    /// <summary>
    /// OPEN, SYMBOL, SERVICE, BUF, AUTHINFO_UNAVAIL, NO_MODULE_DATA, CONV, ABORT, MODULE_UNKNOWN, BAD_ITEM: not the password's fault. SYSTEM is
    /// not among them: it is what pam_exec makes of a program that says no, and guesses must count.
    /// </summary>
    private static readonly int[] Faults = [1, 2, 3, 5, 9, 18, ConversationError, 26, 28, 29];

    private static readonly nint Library = NativeLibrary.TryLoad("libpam.so.0", out nint found) ? found : 0;

    /// <summary>False where the library is not installed; its package is libpam0g (Debian) or pam (others).</summary>
    public static bool IsAvailable => Library != 0;

    /// <summary>Whether services can be read from another folder than the system's (Linux-PAM 1.4).</summary>
    public static bool HasFolders => NativeLibrary.TryGetExport(Library, "pam_start_confdir", out _);

    /// <summary>Asks a service for a user; pam_authenticate and pam_acct_mgmt.</summary>
    /// <param name="service">Name of its file.</param>
    /// <param name="folder">The folder of that file; null: the system's.</param>
    /// <param name="user">Whom the password is said to be of.</param>
    /// <param name="password">Without NUL.</param>
    /// <param name="problem">What a fault is called, with <see cref="PamOutcome.Unavailable"/>.</param>
    public static PamOutcome Check(string service, string? folder, string user, ReadOnlySpan<byte> password, out string? problem)
    {
        if (!IsAvailable || (folder is not null && !HasFolders))
        {
            problem = IsAvailable ? "libpam.so.0 is older than 1.4" : "libpam.so.0 is not installed";
            return PamOutcome.Unavailable;
        }
        byte[] serviceZ = Terminated(service);
        byte[] folderZ = Terminated(folder ?? "");
        byte[] userZ = Terminated(user);
        byte[] passwordZ = GC.AllocateUninitializedArray<byte>(password.Length + 1, pinned: true);
        password.CopyTo(passwordZ);
        passwordZ[^1] = 0;
        try
        {
            fixed (byte* servicePointer = serviceZ, folderPointer = folderZ, userPointer = userZ, passwordPointer = passwordZ)
            {
                Answers answers = new() { User = userPointer, Password = passwordPointer };
                Conversation conversation = new() { Converse = &Converse, Data = &answers };
                void* handle = null;
                int status = folder is null
                    ? ((delegate* unmanaged[Cdecl]<byte*, byte*, Conversation*, void**, int>)Function("pam_start"))(servicePointer, userPointer, &conversation, &handle)
                    : ((delegate* unmanaged[Cdecl]<byte*, byte*, Conversation*, byte*, void**, int>)Function("pam_start_confdir"))(
                        servicePointer, userPointer, &conversation, folderPointer, &handle);
                bool hasStarted = status == Success;
                if (hasStarted)
                {
                    try
                    {
                        status = Run(handle);
                    }
                    finally
                    {
                        ((delegate* unmanaged[Cdecl]<void*, int, int>)Function("pam_end"))(handle, status);
                    }
                }
                bool isFault = !hasStarted || Array.IndexOf(Faults, status) >= 0;
                problem = isFault ? $"PAM service {service}: {Describe(status)}" : null;
                return status == Success ? PamOutcome.Right : isFault ? PamOutcome.Unavailable : PamOutcome.Wrong;
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(passwordZ);
        }
    }

    private static int Run(void* handle)
    {
        var setItem = (delegate* unmanaged[Cdecl]<void*, int, void*, int>)Function("pam_set_item");
        byte[] tty = Terminated("mailaccess"); // Some modules want to be told a terminal, and fail without.
        fixed (byte* ttyPointer = tty)
        {
            setItem(handle, ItemTty, ttyPointer);
        }
        // Whoever guesses is slowed down by us, without a thread that sleeps.
        setItem(handle, ItemFailDelay, (void*)(delegate* unmanaged[Cdecl]<int, uint, void*, void>)&DoNotDelay);
        int status = ((delegate* unmanaged[Cdecl]<void*, int, int>)Function("pam_authenticate"))(handle, Silent | DisallowNullAuthenticationToken);
        return status != Success ? status
            : ((delegate* unmanaged[Cdecl]<void*, int, int>)Function("pam_acct_mgmt"))(handle, Silent | DisallowNullAuthenticationToken);
    }

    /// <summary>Answers what modules ask: without echo the password, with echo the name. PAM frees the answers.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static int Converse(int count, PamMessage** messages, PamResponse** responses, void* data)
    {
        if (count is < 1 or > MessagesMax)
        {
            return ConversationError;
        }
        var answers = (Answers*)data;
        var written = (PamResponse*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(PamResponse));
        for (int i = 0; i < count; i++)
        {
            switch (messages[i]->Style)
            {
                case PromptEchoOff:
                    written[i].Text = Copy(answers->Password);
                    break;
                case PromptEchoOn:
                    written[i].Text = Copy(answers->User);
                    break;
                case ErrorMessage or TextInfo:
                    break;
                default:
                    Free(written, i);
                    return ConversationError;
            }
        }
        *responses = written;
        return Success;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void DoNotDelay(int status, uint microseconds, void* data)
    {
    }

    private static byte* Copy(byte* text)
    {
        int length = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text).Length + 1;
        var copy = (byte*)NativeMemory.Alloc((nuint)length);
        NativeMemory.Copy(text, copy, (nuint)length);
        return copy;
    }

    private static void Free(PamResponse* responses, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (responses[i].Text != null)
            {
                CryptographicOperations.ZeroMemory(new Span<byte>(responses[i].Text, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(responses[i].Text).Length));
                NativeMemory.Free(responses[i].Text);
            }
        }
        NativeMemory.Free(responses);
    }

    private static string Describe(int status) =>
        Marshal.PtrToStringUTF8((nint)((delegate* unmanaged[Cdecl]<void*, int, byte*>)Function("pam_strerror"))(null, status)) ?? $"error {status}";

    private static nint Function(string name) => NativeLibrary.GetExport(Library, name);

    private static byte[] Terminated(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private struct Answers
    {
        public byte* User;
        public byte* Password;
    }

    private struct Conversation
    {
        public delegate* unmanaged[Cdecl]<int, PamMessage**, PamResponse**, void*, int> Converse;
        public void* Data;
    }

#pragma warning disable CS0649 // PAM writes and reads them.
    private struct PamMessage
    {
        public int Style;
        public byte* Text;
    }

    private struct PamResponse
    {
        public byte* Text;
        public int Code;
    }
#pragma warning restore CS0649
}
