package io.sluice.gateway.ratelimit;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UInt64Value;
import com.google.protobuf.util.Durations;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.RateLimitDescriptor;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitRequest;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitResponse;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitResponse.Code;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitResponse.DescriptorStatus;
import io.envoyproxy.envoy.type.v3.RateLimitUnit;
import io.sluice.gateway.ratelimit.Decision.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The messages of {@code envoy.service.ratelimit.v3}, in both directions. */
public final class RateLimitMessageParser {
    private RateLimitMessageParser() {}

    /** @throws IllegalArgumentException for what no service could decide */
    public static RateLimitCall parseRequest(byte[] message) {
        RateLimitRequest request;
        try {
            request = RateLimitRequest.parseFrom(message);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("request: " + e.getMessage(), e);
        }
        if (request.getDomain().isEmpty()) {
            throw new IllegalArgumentException("rate limit domain must not be empty");
        }
        if (request.getDescriptorsCount() == 0) {
            throw new IllegalArgumentException("rate limit descriptor list must not be empty");
        }
        List<Descriptor> descriptors = request.getDescriptorsList().stream()
                .map(RateLimitMessageParser::descriptor)
                .toList();
        long hits = Math.max(1, Integer.toUnsignedLong(request.getHitsAddend()));
        return new RateLimitCall(request.getDomain(), descriptors, hits);
    }

    private static Descriptor descriptor(RateLimitDescriptor message) {
        if (message.getEntriesCount() == 0) {
            throw new IllegalArgumentException("rate limit descriptor must not be empty");
        }
        List<Descriptor.Entry> entries = message.getEntriesList().stream()
                .map(entry -> Descriptor.entry(entry.getKey(), entry.getValue()))
                .toList();
        long hits = message.hasHitsAddend() ? message.getHitsAddend().getValue() : -1;
        return new Descriptor(entries, message.hasLimit() ? override(message.getLimit()) : null, hits);
    }

    private static Descriptor.LimitOverride override(RateLimitDescriptor.RateLimitOverride limit) {
        LimitUnit unit = switch (limit.getUnit()) {
            case SECOND -> LimitUnit.SECOND;
            case MINUTE -> LimitUnit.MINUTE;
            case HOUR -> LimitUnit.HOUR;
            case DAY -> LimitUnit.DAY;
            case MONTH -> LimitUnit.MONTH;
            case YEAR -> LimitUnit.YEAR;
            case UNKNOWN, UNRECOGNIZED ->
                throw new IllegalArgumentException("limit.unit: " + limit.getUnitValue()
                        + " (expected: SECOND, MINUTE, HOUR, DAY, MONTH or YEAR)");
        };
        return new Descriptor.LimitOverride(Integer.toUnsignedLong(limit.getRequestsPerUnit()), unit);
    }

    public static byte[] request(RateLimitCall call) {
        RateLimitRequest.Builder request = RateLimitRequest.newBuilder().setDomain(call.domain());
        if (call.hits() != 1) {
            request.setHitsAddend((int) call.hits()); // none means 1
        }
        for (Descriptor descriptor : call.descriptors()) {
            RateLimitDescriptor.Builder message = request.addDescriptorsBuilder();
            for (Descriptor.Entry entry : descriptor.entries()) {
                message.addEntriesBuilder().setKey(entry.key()).setValue(entry.value());
            }
            Descriptor.LimitOverride limit = descriptor.limitOverride();
            if (limit != null) {
                message.getLimitBuilder()
                        .setRequestsPerUnit((int) limit.requestsPerUnit())
                        .setUnit(RateLimitUnit.valueOf(limit.unit().name()));
            }
            if (descriptor.hits() >= 0) {
                message.setHitsAddend(UInt64Value.of(descriptor.hits()));
            }
        }
        return request.build().toByteArray();
    }

    public static byte[] response(Decision.Allowed allowed) {
        return response(Code.OK, allowed.statuses());
    }

    public static byte[] response(Decision.Limited limited) {
        return response(Code.OVER_LIMIT, limited.statuses());
    }

    private static byte[] response(Code overall, List<Status> statuses) {
        RateLimitResponse.Builder response = RateLimitResponse.newBuilder().setOverallCode(overall);
        for (Status status : statuses) {
            DescriptorStatus.Builder message = response.addStatusesBuilder()
                    .setCode(status.over() ? Code.OVER_LIMIT : Code.OK)
                    .setLimitRemaining((int) Math.min(status.remaining(), SharedRateLimiter.UNLIMITED));
            Decision.Limit limit = status.limit();
            if (limit != null) {
                message.getCurrentLimitBuilder()
                        .setName(limit.name())
                        .setRequestsPerUnit((int) Math.min(limit.requestsPerUnit(), SharedRateLimiter.UNLIMITED))
                        .setUnit(RateLimitResponse.RateLimit.Unit.valueOf(
                                limit.unit().name()));
                message.setDurationUntilReset(
                        Durations.fromNanos(status.untilReset().toNanos()));
            }
        }
        return response.build().toByteArray();
    }

    /** @throws IllegalArgumentException for an answer that says nothing */
    public static RateLimitCall.Answer parseResponse(byte[] message) {
        RateLimitResponse response;
        try {
            response = RateLimitResponse.parseFrom(message);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("response: " + e.getMessage(), e);
        }
        var statuses = new ArrayList<Status>();
        Duration retryAfter = Duration.ZERO;
        for (DescriptorStatus status : response.getStatusesList()) {
            Duration untilReset = Duration.ofNanos(Durations.toNanos(status.getDurationUntilReset()));
            boolean over = status.getCode() == Code.OVER_LIMIT;
            if (over && untilReset.compareTo(retryAfter) > 0) {
                retryAfter = untilReset;
            }
            statuses.add(
                    new Status(over, limit(status), Integer.toUnsignedLong(status.getLimitRemaining()), untilReset));
        }
        Decision decision = switch (response.getOverallCode()) {
            case OK -> new Decision.Allowed(statuses);
            case OVER_LIMIT -> new Decision.Limited(retryAfter, statuses);
            case UNKNOWN, UNRECOGNIZED ->
                throw new IllegalArgumentException(
                        "overall_code: " + response.getOverallCodeValue() + " (expected: OK or OVER_LIMIT)");
        };
        return new RateLimitCall.Answer(
                decision,
                headers(response.getRequestHeadersToAddList()),
                headers(response.getResponseHeadersToAddList()),
                response.getRawBody().toStringUtf8());
    }

    private static Decision.@Nullable Limit limit(DescriptorStatus status) {
        if (!status.hasCurrentLimit()) {
            return null;
        }
        RateLimitResponse.RateLimit limit = status.getCurrentLimit();
        return switch (limit.getUnit()) {
            case SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, YEAR ->
                new Decision.Limit(
                        limit.getName(),
                        Integer.toUnsignedLong(limit.getRequestsPerUnit()),
                        LimitUnit.valueOf(limit.getUnit().name()));
            case UNKNOWN, UNRECOGNIZED -> null;
        };
    }

    private static HttpHeaders headers(List<HeaderValue> values) {
        HttpHeadersBuilder headers = HttpHeaders.builder();
        for (HeaderValue value : values) {
            headers.add(
                    value.getKey(),
                    value.getRawValue().isEmpty()
                            ? value.getValue()
                            : value.getRawValue().toStringUtf8());
        }
        return headers.build();
    }
}
