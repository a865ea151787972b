package io.sluice.xdsserver.stream;

import io.sluice.xdsserver.snapshot.ResourceType;
import java.util.Locale;

/** The two ways in which the protocol tells a client what there is. */
enum Variant {
    SOTW,
    DELTA;

    /** Whether an answer lists everything the client wants of the type, so that what it leaves out is gone. */
    boolean fullState(ResourceType type) {
        return this == SOTW && type.wildcard();
    }

    /** As it is shown and measured. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
