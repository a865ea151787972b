package io.sluice.gateway.filter.jwt;

import io.netty.channel.EventLoop;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where the keys of an issuer come from. Any thread. */
interface KeySource {
    /** The keys as they hold now; null where they must be fetched first. */
    @Nullable
    JwkSet current();

    /**
     * Fetches them; whoever asks meanwhile waits for the same fetch.
     *
     * @param then on the loop, with null where it failed
     */
    void fetch(EventLoop loop, Consumer<@Nullable JwkSet> then);

    /** As {@link #fetch}, for a token that names a key which is not among the current ones; seldom enough that nobody can make us a burden. */
    void fetchUnknown(EventLoop loop, Consumer<@Nullable JwkSet> then);

    /** Begins whatever goes on without requests. */
    default void begin() {}

    /** Keys that stand in the configuration. */
    record Local(JwkSet keys) implements KeySource {
        @Override
        public JwkSet current() {
            return keys;
        }

        @Override
        public void fetch(EventLoop loop, Consumer<@Nullable JwkSet> then) {
            then.accept(keys);
        }

        @Override
        public void fetchUnknown(EventLoop loop, Consumer<@Nullable JwkSet> then) {
            then.accept(keys);
        }
    }
}
