package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpObject;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.stream.ClosedStreamException;
import com.linecorp.armeria.common.stream.SubscriptionOption;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.channel.EventLoop;
import io.sluice.gateway.accesslog.TlsSession;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/** A stream behind Armeria's HTTP code. */
final class ArmeriaStream implements DownstreamStream, Subscriber<HttpObject> {
    private final ServiceRequestContext ctx;
    private final DownstreamConnection connection;
    private final EventLoop loop;
    private final HttpRequest source;
    private final HttpResponseWriter writer;
    private @Nullable Body body;
    private @Nullable Subscription subscription;

    ArmeriaStream(ServiceRequestContext ctx, HttpRequest source, HttpResponseWriter writer) {
        this.ctx = ctx;
        this.source = source;
        this.writer = writer;
        connection = DownstreamConnection.of(ctx.log().partial().channel());
        loop = ctx.eventLoop().withoutContext();
    }

    @Override
    public EventLoop eventLoop() {
        return loop;
    }

    @Override
    public DownstreamConnection connection() {
        return connection;
    }

    @Override
    public RequestHeadersBuilder headers() {
        return source.headers().toBuilder();
    }

    @Override
    public boolean isBare() {
        return !source.isOpen() && source.isEmpty();
    }

    @Override
    public String protocol() {
        return isHttp1() ? "HTTP/1.1" : "HTTP/2";
    }

    @Override
    public boolean isHttp1() {
        return !ctx.sessionProtocol().isMultiplex();
    }

    @Override
    public @Nullable TlsSession tlsSession() {
        return connection.session();
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return connection.directRemoteAddress();
    }

    @Override
    public InetSocketAddress localAddress() {
        return connection.localAddress();
    }

    // --- the request's body

    @Override
    public void read(Body reader) {
        body = reader;
        source.subscribe(this, loop, SubscriptionOption.WITH_POOLED_OBJECTS, SubscriptionOption.NOTIFY_CANCELLATION);
    }

    @Override
    public void requestMore() {
        if (subscription != null) {
            subscription.request(1);
        }
    }

    @Override
    public void cancelRequest() {
        if (subscription != null) {
            subscription.cancel();
        }
    }

    private Body body() {
        Body reader = body;
        if (reader == null) {
            throw new IllegalStateException("nobody reads");
        }
        return reader;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        this.subscription = subscription;
        body().onReady();
    }

    @Override
    public void onNext(HttpObject part) {
        if (part instanceof HttpData data) {
            body().onData(data);
        } else {
            body().onTrailers((HttpHeaders) part);
        }
    }

    @Override
    public void onComplete() {
        body().onEnd();
    }

    @Override
    public void onError(Throwable cause) {
        body().onBroken(cause);
    }

    // --- the answer

    @Override
    public void interim(ResponseHeaders headers) {
        send(headers, false);
    }

    @Override
    public void useProperCase() {}

    @Override
    public void headers(ResponseHeaders headers, boolean end) {
        send(headers, end);
    }

    @Override
    public void data(HttpData data, boolean end) {
        if (data.isEmpty()) {
            data.close();
            if (end) {
                writer.close();
            }
        } else {
            send(end ? data.withEndOfStream() : data, end);
        }
    }

    @Override
    public void trailers(HttpHeaders trailers) {
        send(trailers, true);
    }

    @SuppressWarnings("CheckReturnValue") // a writer that takes nothing any more has told its end already
    private void send(HttpObject part, boolean end) {
        writer.tryWrite(part);
        if (end) {
            writer.close();
        }
    }

    @Override
    public void reset() {
        writer.close(ClosedStreamException.get());
    }

    @Override
    public void abort(@Nullable Throwable cause) {
        if (cause == null) {
            writer.abort();
        } else {
            writer.abort(cause);
        }
    }

    @Override
    public void endConnection() {
        ctx.initiateConnectionShutdown();
    }

    @Override
    public void whenSent(Runnable then) {
        writer.whenConsumed().thenRun(() -> onLoop(then));
    }

    @Override
    public void whenOver(Over then) {
        writer.whenComplete().handle((done, cause) -> {
            onLoop(() -> then.over(cause));
            return null;
        });
    }

    private void onLoop(Runnable task) {
        if (loop.inEventLoop()) {
            task.run();
        } else {
            loop.execute(task);
        }
    }
}
