using System.Buffers;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.OAuth;

/// <summary>
/// Asks an authorization server over HTTP: within a time, for an answer of bounded size, and without following it elsewhere. What is wrong with it is
/// logged once until it answers again: it is our own affair, and every client would bring it up anew. Thread-safe.
/// </summary>
internal sealed class AuthorizationServer(HttpMessageHandler handler, OAuthLimits limits, TimeProvider clock, ILogger logger) : IDisposable
{
    private readonly HttpClient _client = new(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
    private int _warned;

    /// <summary>The object that it answers with 200; null where there is none. The request is disposed.</summary>
    public async ValueTask<JsonElement?> AskAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string address = request.RequestUri!.GetLeftPart(UriPartial.Path);
        using (request)
        {
            string problem;
            try
            {
                using CancellationTokenSource timeout = new(limits.RequestTimeout, clock);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
                (JsonElement? answer, problem) = await SendAsync(request, either.Token);
                if (answer is not null)
                {
                    Volatile.Write(ref _warned, 0);
                    return answer;
                }
            }
            catch (Exception lost) when (lost is HttpRequestException or IOException)
            {
                problem = lost.Message;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                problem = $"no answer within {limits.RequestTimeout.TotalSeconds:0} s";
            }
            if (Interlocked.Exchange(ref _warned, 1) == 0)
            {
                Log.AuthorizationServerFailed(logger, address, problem);
            }
            return null;
        }
    }

    public void Dispose() => _client.Dispose();

    private async ValueTask<(JsonElement? Answer, string Problem)> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return (null, $"it answers {(int)response.StatusCode}");
        }
        await using Stream content = await response.Content.ReadAsStreamAsync(cancellationToken);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(limits.ResponseOctetsMax + 1);
        try
        {
            int length = await content.ReadAtLeastAsync(buffer.AsMemory(0, limits.ResponseOctetsMax + 1), limits.ResponseOctetsMax + 1, throwOnEndOfStream: false, cancellationToken);
            return length > limits.ResponseOctetsMax ? (null, $"its answer has more than {limits.ResponseOctetsMax} octets")
                : OAuthJson.TryReadObject(buffer.AsMemory(0, length), out JsonElement answer) ? (answer, "")
                : (null, "its answer is no JSON object");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
