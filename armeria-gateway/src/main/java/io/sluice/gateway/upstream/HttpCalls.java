package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.function.Consumer;

/** Requests that the gateway makes of its own accord to clusters by name: whole, bounded, never waited for. Any thread. */
public interface HttpCalls {
    /** A loop for whoever is on none. */
    EventLoop loop();

    /**
     * The outcome comes once, on the loop and never from inside this method; not at all after {@link Call#cancel}.
     *
     * @param loop on which the call happens
     */
    Call send(EventLoop loop, Request request, Consumer<Outcome> then);

    interface Call {
        /** Nobody wants the outcome any more. Any thread. */
        void cancel();
    }

    /**
     * @param cluster an unknown one makes the call fail
     * @param headers with the pseudo headers
     * @param body on the heap, empty for none
     * @param timeout of the whole call; zero means none
     * @param forwardedFor whether the gateway's own address goes along in {@code x-forwarded-for}
     * @param maxAnswerBytes a longer answer makes the call fail, and no more of it is read
     */
    record Request(
            String cluster,
            RequestHeaders headers,
            HttpData body,
            boolean forwardedFor,
            Duration timeout,
            int maxAnswerBytes,
            RetryPolicy retry) {}

    sealed interface Outcome {
        record Answered(ResponseHeaders headers, HttpData body) implements Outcome {}

        /** @param reason for logs */
        record Failed(String reason) implements Outcome {}
    }
}
