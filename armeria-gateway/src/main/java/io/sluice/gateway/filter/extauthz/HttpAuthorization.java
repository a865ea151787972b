package io.sluice.gateway.filter.extauthz;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.HeaderMutations;
import io.sluice.gateway.filter.extauthz.Verdict.Change;
import io.sluice.gateway.filter.extauthz.Verdict.Kind;
import io.sluice.gateway.upstream.HttpCalls;
import io.sluice.gateway.upstream.HttpCalls.Outcome;
import io.sluice.gateway.upstream.RetryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A service that sees the request's head, and says by a status what it thinks of it.
 *
 * @param messages which headers it may see
 */
record HttpAuthorization(
        HttpCalls calls,
        String cluster,
        Duration timeout,
        String pathPrefix,
        CheckMessageParser messages,
        HeaderMutations more,
        Response response)
        implements AuthorizationService {
    /** An answer with more is an error. */
    private static final int MAX_ANSWER_BYTES = 1024 * 1024;

    private static final String SERVICE_TIME = "x-envoy-upstream-service-time";
    private static final String TO_REMOVE = "x-envoy-auth-headers-to-remove";

    /**
     * What goes on of an answer's headers.
     *
     * @param toClient of a refusal; null for all of them
     */
    record Response(
            HeaderNames toUpstream,
            HeaderNames addedToUpstream,
            @Nullable HeaderNames toClient,
            HeaderNames toClientOnSuccess,
            HeaderNames toMetadata) {}

    @Override
    public Runnable ask(Question question, Consumer<Verdict> then) {
        Exchange exchange = question.exchange();
        Question.Body body = question.body();
        byte[] bytes = body == null ? new byte[0] : body.bytes();
        RequestHeadersBuilder headers = RequestHeaders.builder(
                exchange.request().method(), pathPrefix + exchange.request().path());
        headers.scheme(exchange.isTls() ? "https" : "http");
        messages.headers(exchange, (name, value) -> {
            if (!name.startsWith(":")) {
                headers.add(name, value);
            }
        });
        headers.authority(exchange.request().get(HttpHeaderNames.AUTHORITY, ""));
        if (body != null) {
            headers.set(CheckMessageParser.PARTIAL_BODY, String.valueOf(body.partial()));
        }
        headers.set(HttpHeaderNames.CONTENT_LENGTH, String.valueOf(bytes.length));
        more.apply(headers, exchange);
        long asked = System.nanoTime();
        HttpCalls.Call call = calls.send(
                exchange.eventLoop(),
                new HttpCalls.Request(
                        cluster,
                        headers.build(),
                        HttpData.wrap(bytes),
                        false,
                        timeout,
                        MAX_ANSWER_BYTES,
                        RetryPolicy.NONE),
                outcome -> then.accept(verdict(outcome, exchange.request().method(), asked)));
        return call::cancel;
    }

    private Verdict verdict(Outcome outcome, HttpMethod method, long askedNanos) {
        return switch (outcome) {
            case Outcome.Failed failed -> new Verdict.Failed(failed.reason());
            case Outcome.Answered answered -> {
                int status = answered.headers().status().code();
                if (status >= 500) {
                    yield new Verdict.Failed("status " + status);
                }
                yield status == 200
                        ? allowed(answered.headers())
                        : denied(
                                status,
                                answered.headers(),
                                askedNanos,
                                method == HttpMethod.HEAD ? "" : answered.body().toStringUtf8());
            }
        };
    }

    private Verdict allowed(ResponseHeaders headers) {
        List<Change> request = new ArrayList<>();
        List<Change> added = new ArrayList<>();
        List<Change> answer = new ArrayList<>();
        headers.forEach((key, value) -> {
            String name = key.toString();
            if (name.equals(TO_REMOVE)) {
                return;
            }
            if (response.toUpstream().contain(name)) {
                request.add(new Change(name, value, Kind.SET));
            }
            if (response.addedToUpstream().contain(name)) {
                added.add(new Change(name, value, Kind.ADD));
            }
            if (response.toClientOnSuccess().contain(name)) {
                answer.add(new Change(name, value, Kind.ADD));
            }
        });
        request.addAll(added);
        List<String> remove = new ArrayList<>();
        for (String line : headers.getAll(TO_REMOVE)) {
            for (String name : line.split(",")) {
                if (!name.isBlank()) {
                    remove.add(name.strip());
                }
            }
        }
        return new Verdict.Allowed(request, remove, List.of(), List.of(), answer, metadata(headers), false);
    }

    private Verdict denied(int status, ResponseHeaders headers, long askedNanos, String body) {
        List<Map.Entry<String, String>> told = new ArrayList<>();
        if (response.toClient() == null || response.toClient().contain(SERVICE_TIME)) {
            told.add(Map.entry(SERVICE_TIME, String.valueOf((System.nanoTime() - askedNanos) / 1_000_000)));
        }
        headers.forEach((key, value) -> {
            String name = key.toString();
            if (!name.equals(TO_REMOVE)
                    && !name.startsWith(":")
                    && (response.toClient() == null || response.toClient().contain(name))) {
                told.add(Map.entry(name, value));
            }
        });
        return new Verdict.Denied(status, told, body, metadata(headers));
    }

    private Map<String, @Nullable Object> metadata(ResponseHeaders headers) {
        Map<String, @Nullable Object> metadata = new HashMap<>();
        headers.forEach((key, value) -> {
            if (response.toMetadata().contain(key.toString())) {
                metadata.put(key.toString(), value);
            }
        });
        return metadata;
    }
}
