using System.Text;
using MailAccess.Auth.Passwords;

namespace MailAccess.Auth.Tests;

public sealed class PasswordSchemeTests
{
    private const string Password = "pencil Ä%";

    public static TheoryData<string> Stored => [.. File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "data", "stored-passwords.txt"))
        .Where(l => l.StartsWith('{'))];

    [Theory]
    [MemberData(nameof(Stored))]
    public void A_password_stored_by_another_program_is_recognized_and_others_are_not(string stored)
    {
        StoredCredential credential = Parse(stored);
        Assert.Null(PasswordScheme.FindProblem(credential));
        Assert.True(PasswordScheme.Matches(credential, Encoding.UTF8.GetBytes(Password)));
        Assert.False(PasswordScheme.Matches(credential, "pencil"u8));
        Assert.False(PasswordScheme.Matches(credential, Encoding.UTF8.GetBytes("Pencil Ä%")));
        Assert.False(PasswordScheme.Matches(credential, ""u8));
        Assert.False(PasswordScheme.Matches(credential, Encoding.UTF8.GetBytes(Password + "\0")));
    }

    [Theory]
    [MemberData(nameof(Stored))]
    public void A_damaged_hash_matches_nothing_and_throws_nothing(string stored)
    {
        StoredCredential credential = Parse(stored);
        Random random = new(stored.GetHashCode(StringComparison.Ordinal));
        byte[] password = Encoding.UTF8.GetBytes("another");
        for (int i = 0; i < 20; i++)
        {
            int cut = random.Next(credential.Data.Length);
            StoredCredential damaged = credential with { Data = i % 2 == 0 ? credential.Data[..cut] : credential.Data.Remove(cut, 1).Insert(cut, "$") };
            bool isCostly = damaged.Data.StartsWith("$y$", StringComparison.Ordinal) || damaged.Data.StartsWith("$7$", StringComparison.Ordinal)
                || damaged.Data.StartsWith("$2", StringComparison.Ordinal);
            Assert.False(!isCostly && PasswordScheme.Matches(damaged, password));
        }
    }

    [Theory]
    [InlineData("{ROT13}cravp", "unknown password scheme")]
    [InlineData("{PLAIN}", "empty")]
    [InlineData("{SCRAM-SHA-256}4096,AAAA,AAAA,AAAA", "verifier")]
    [InlineData("{SCRAM-SHA-256}0,yTKVxCSaDVOy3OSWlmEETA==,Zxi9Cz7ljQzciCb5YlWw5mSK0BEOr2KJwhN8ThpGg44=,rXE4WDxLVQa4HfuAstyAWCXaNKwNUo4M7BdLnIDk/a0=", "verifier")]
    [InlineData("{SCRAM-SHA-256}99999999,yTKVxCSaDVOy3OSWlmEETA==,Zxi9Cz7ljQzciCb5YlWw5mSK0BEOr2KJwhN8ThpGg44=,rXE4WDxLVQa4HfuAstyAWCXaNKwNUo4M7BdLnIDk/a0=", "verifier")]
    [InlineData("{PBKDF2}$1$salt$x$00", "PBKDF2")]
    [InlineData("{PBKDF2}$1$salt$1000$", "PBKDF2")]
    [InlineData("{SSHA}AAAA", "SSHA")]
    [InlineData("{SHA256}AAAA", "SHA256")]
    [InlineData("{PLAIN.ROT}abc", "encoding")]
    [InlineData("{PLAIN.HEX}abc", "encoding")]
    public void What_cannot_be_checked_is_said_without_its_data(string stored, string problem)
    {
        StoredCredential credential = Parse(stored);
        Assert.Contains(problem, PasswordScheme.FindProblem(credential), StringComparison.Ordinal);
        Assert.False(PasswordScheme.Matches(credential, "cravp"u8));
        Assert.DoesNotContain("cravp", credential.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{DISABLED}")]
    [InlineData("{CRYPT}*")]
    [InlineData("{CRYPT}!")]
    [InlineData("{CRYPT}*0")]
    [InlineData("{CRYPT}")]
    public void A_locked_account_has_no_password(string stored)
    {
        foreach (string guess in new[] { "", "*", "!", "*0", "x" })
        {
            Assert.False(PasswordScheme.Matches(Parse(stored), Encoding.UTF8.GetBytes(guess)));
        }
    }

    [Fact]
    public void A_new_password_becomes_a_scram_verifier_with_a_salt_of_its_own()
    {
        Assert.True(PasswordHasher.TryHash(Encoding.UTF8.GetBytes(Password), out StoredCredential? first));
        Assert.True(PasswordHasher.TryHash(Encoding.UTF8.GetBytes(Password), out StoredCredential? second));
        Assert.Equal("SCRAM-SHA-256", first.Scheme);
        Assert.NotEqual(first.Data, second.Data);
        Assert.True(PasswordScheme.TryGetVerifier(first, out ScramVerifier? verifier));
        Assert.Equal(PasswordHasher.DefaultIterations, verifier!.Iterations);
        Assert.True(PasswordScheme.Matches(first, Encoding.UTF8.GetBytes(Password)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\tb")]
    [InlineData("a\0b")]
    [InlineData("a\u0085b")]
    [InlineData("\u00AD")]
    public void A_password_that_clients_cannot_send_is_refused(string password) =>
        Assert.False(PasswordHasher.TryHash(Encoding.UTF8.GetBytes(password), out _));

    [Fact]
    public void A_password_that_is_not_utf8_or_too_long_is_refused()
    {
        Assert.False(PasswordHasher.TryHash([0xC3, 0x28], out _));
        Assert.False(PasswordHasher.TryHash(new byte[2000].Select(_ => (byte)'a').ToArray(), out _));
    }

    [Theory]
    [InlineData("I\u00ADX", "IX")] // RFC 4013 §3, example 1
    [InlineData("user", "user")]
    [InlineData("USER", "USER")]
    [InlineData("a\u00A0b", "a b")]
    [InlineData("a\u3000b\uFEFF", "a b")]
    public void A_password_is_prepared_as_SASLprep_maps_it(string password, string prepared)
    {
        Assert.True(PasswordPreparation.TryPrepare(Encoding.UTF8.GetBytes(password), out byte[] octets));
        Assert.Equal(prepared, Encoding.UTF8.GetString(octets));
    }

    [Fact]
    public void A_verifier_made_from_unprepared_octets_still_fits_a_plain_login()
    {
        byte[] raw = Encoding.UTF8.GetBytes("a\u00A0b");
        ScramVerifier unprepared = ScramVerifier.Derive(System.Security.Cryptography.HashAlgorithmName.SHA256, raw, [1, 2, 3, 4], 4096);
        Assert.True(PasswordScheme.Matches(new StoredCredential("SCRAM-SHA-256", unprepared.Format()), raw));
    }

    private static StoredCredential Parse(string text)
    {
        Assert.True(StoredCredential.TryParse(text, "CRYPT", out StoredCredential? credential));
        return credential;
    }
}
