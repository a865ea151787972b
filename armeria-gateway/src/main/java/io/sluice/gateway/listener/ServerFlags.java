package io.sluice.gateway.listener;

import com.linecorp.armeria.common.FlagsProvider;

/** What Armeria takes from its flags alone. It finds this class by its name in {@code META-INF/services}. */
public final class ServerFlags implements FlagsProvider {
    /** Envoy's delayed_close_timeout: how long a peer may take to read the last answer of an HTTP/1 connection that we end. */
    static final long CLOSE_DELAY_MILLIS = 1000;

    @Override
    public int priority() {
        return 1;
    }

    @Override
    public Long defaultHttp1ConnectionCloseDelayMillis() {
        return CLOSE_DELAY_MILLIS;
    }
}
