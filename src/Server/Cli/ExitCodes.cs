namespace MailAccess.Server.Cli;

/// <summary>Exit codes after sysexits.h, as administrators' scripts expect them of mail programs.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>What was asked for is not there, as postmap(1) and grep(1) say it.</summary>
    public const int NotFound = 1;

    /// <summary>Mail would be refused.</summary>
    public const int Refused = 1;

    /// <summary>EX_USAGE: the command line.</summary>
    public const int Usage = 64;

    /// <summary>EX_DATAERR: an index is not as the mail is.</summary>
    public const int DataError = 65;

    /// <summary>EX_NOUSER: no such account.</summary>
    public const int NoUser = 67;

    /// <summary>EX_UNAVAILABLE: a port is taken, a service is missing.</summary>
    public const int Unavailable = 69;

    /// <summary>EX_CANTCREAT: a file could not be written.</summary>
    public const int CannotCreate = 73;

    /// <summary>EX_TEMPFAIL: it cannot be told now.</summary>
    public const int TemporaryFailure = 75;

    /// <summary>EX_CONFIG: the configuration is wrong.</summary>
    public const int Configuration = 78;
}
