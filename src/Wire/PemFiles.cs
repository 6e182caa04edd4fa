using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Wire;

/// <summary>Reads a certificate chain and its key from PEM files, and says in which file what is wrong.</summary>
internal static class PemFiles
{
    public static ServerCertificate? Load(CertificateFiles files, List<string> errors)
    {
        int before = errors.Count;
        string? chainText = Read(files.CertificatePath, errors);
        string? keyText = files.KeyPath == files.CertificatePath ? chainText : Read(files.KeyPath, errors);
        if (chainText is null || keyText is null)
        {
            return null;
        }
        X509Certificate2Collection chain = ReadChain(files.CertificatePath, chainText, errors);
        CheckKey(files.KeyPath, keyText, errors);
        if (errors.Count > before)
        {
            return null;
        }
        X509Certificate2 leaf = chain[0];
        chain.RemoveAt(0);
        try
        {
            using X509Certificate2 joined = X509Certificate2.CreateFromPem(leaf.ExportCertificatePem(), keyText);
            leaf.Dispose();
            // Through PKCS #12 and back: the key then belongs to the certificate and outlives its import.
            return new ServerCertificate(X509CertificateLoader.LoadPkcs12(joined.Export(X509ContentType.Pkcs12), null), chain);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // CreateFromPem: "The provided key does not match the public key for this certificate."
            errors.Add($"{files.KeyPath}: the key cannot be used with the first certificate of {files.CertificatePath}: {e.Message}");
            return null;
        }
    }

    /// <summary>All certificates of a file; null, with the reason among the errors, where there is none that can be read.</summary>
    public static X509Certificate2Collection? ReadCertificates(string path, List<string> errors)
    {
        int before = errors.Count;
        X509Certificate2Collection? certificates = Read(path, errors) is { } text ? ReadChain(path, text, errors) : null;
        return errors.Count > before ? null : certificates;
    }

    /// <summary>Another text when the file has changed.</summary>
    public static string Stamp(string path)
    {
        try
        {
            // A link's target is what counts: ACME clients exchange links.
            FileSystemInfo file = File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path);
            return $"{file.FullName}@{file.LastWriteTimeUtc.Ticks}+{(file as FileInfo)?.Length}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return path;
        }
    }

    private static string? Read(string path, List<string> errors)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(e is FileNotFoundException or DirectoryNotFoundException ? $"{path}: does not exist" : $"{path}: cannot be read: {e.Message}");
            return null;
        }
    }

    private static X509Certificate2Collection ReadChain(string path, string text, List<string> errors)
    {
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            errors.Add($"{path}: holds a certificate that cannot be read: {e.Message}");
            return chain;
        }
        if (chain.Count == 0)
        {
            errors.Add($"{path}: holds no certificate (a block that begins with -----BEGIN CERTIFICATE-----)");
        }
        return chain;
    }

    private static void CheckKey(string path, string text, List<string> errors)
    {
        if (text.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal)
            || text.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
        {
            errors.Add($"{path}: the private key is protected by a passphrase; a server needs it without");
        }
        else if (!text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            errors.Add($"{path}: holds no private key (a block that begins with -----BEGIN PRIVATE KEY-----)");
        }
    }
}
