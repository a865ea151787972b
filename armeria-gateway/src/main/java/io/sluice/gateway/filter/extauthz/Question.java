package io.sluice.gateway.filter.extauthz;

import io.sluice.gateway.filter.Exchange;
import java.util.Map;

/**
 * What the service is asked about.
 *
 * @param extensions what the route says beside it
 * @param body null where none was waited for
 */
record Question(
        Exchange exchange,
        Map<String, String> extensions,
        @org.jspecify.annotations.Nullable Body body) {
    /**
     * @param bytes at most so many as are wanted
     * @param partial whether there was more of it
     */
    @SuppressWarnings("ArrayRecordComponent") // passed on, never compared
    record Body(byte[] bytes, boolean partial) {}
}
