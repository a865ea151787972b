package io.sluice.gateway.filter.router;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.channel.EventLoop;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.upstream.CallPolicy;
import io.sluice.gateway.upstream.OwnAddress;
import io.sluice.gateway.upstream.Upstream;
import io.sluice.gateway.upstream.UpstreamCall;
import io.sluice.gateway.upstream.UpstreamFailure;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A copy of a request to another cluster, whose answer nobody waits for. Never slows the request itself: where its upstream does not keep up, it waits
 * here up to the call's buffer limit and is given up beyond that. On the request's event loop.
 */
final class Mirror implements UpstreamCall.Listener {
    private final long limit;
    private final UpstreamCall call;
    private final Deque<HttpData> waiting = new ArrayDeque<>();
    private long waitingBytes;
    private boolean ended;
    private boolean over;

    private Mirror(
            Upstream upstream,
            Cluster cluster,
            EventLoop loop,
            RequestHeaders headers,
            boolean end,
            CallPolicy policy) {
        limit = policy.bufferLimit();
        ended = end;
        call = upstream.start(cluster, loop, headers, end, policy, this);
    }

    /** @param marks whether the copy's host says that it is one */
    static Mirror of(
            Upstream upstream,
            Cluster cluster,
            EventLoop loop,
            RequestHeaders headers,
            boolean end,
            CallPolicy policy,
            boolean marks) {
        RequestHeadersBuilder copy = headers.toBuilder();
        if (marks) {
            copy.authority(marked(headers.get(HttpHeaderNames.AUTHORITY, "")));
        }
        String from = headers.get(HttpHeaderNames.X_FORWARDED_FOR);
        String own = OwnAddress.OF_MACHINE.getHostAddress();
        copy.set(HttpHeaderNames.X_FORWARDED_FOR, from == null ? own : from + "," + own);
        copy.set("x-envoy-internal", "true");
        if (!policy.timeout().isZero()) {
            copy.set(
                    "x-envoy-expected-rq-timeout-ms",
                    String.valueOf(policy.timeout().toMillis()));
        }
        return new Mirror(upstream, cluster, loop, copy.build(), end, policy);
    }

    /** Source: Envoy source/common/router/shadow_writer_impl.cc. */
    static String marked(String host) {
        int colon = host.indexOf(':');
        return colon < 0 ? host + "-shadow" : host.substring(0, colon) + "-shadow" + host.substring(colon);
    }

    /** @param data becomes ours */
    void data(HttpData data, boolean end) {
        if (over || ended) {
            data.close();
            return;
        }
        ended = end;
        waiting.add(data);
        waitingBytes += data.length();
        sendOn();
        if (waitingBytes > limit) {
            cancel();
        }
    }

    void trailers(HttpHeaders trailers) {
        data(HttpData.empty(), true);
    }

    /** The request will not be whole: so neither will the copy be. */
    void cancelUnlessWhole() {
        if (!ended) {
            cancel();
        }
    }

    private void cancel() {
        if (!over) {
            over();
            call.cancel();
        }
    }

    private void over() {
        over = true;
        waiting.forEach(HttpData::close);
        waiting.clear();
    }

    private void sendOn() {
        while (!waiting.isEmpty() && !over && call.isWritable()) {
            HttpData data = waiting.remove();
            waitingBytes -= data.length();
            call.requestData(data, ended && waiting.isEmpty());
        }
    }

    @Override
    public void onHeaders(ResponseHeadersBuilder headers, boolean end) {
        if (end) {
            over();
        }
    }

    @Override
    public void onData(HttpData data, boolean end) {
        data.close();
        if (end) {
            over();
        }
    }

    @Override
    public void onTrailers(HttpHeaders trailers) {
        over();
    }

    @Override
    public void onFailure(UpstreamFailure failure) {
        over();
    }

    @Override
    public void onWritable() {
        sendOn();
    }
}
