package io.sluice.gateway.filter;

import com.google.common.base.Ascii;
import java.util.HashMap;
import java.util.Map;

/** To which protocols HTTP/1 connections may be upgraded. @param allowed by name in lower case; what is not named is not allowed */
public record Upgrades(Map<String, Boolean> allowed) {
    public static final Upgrades NONE = new Upgrades(Map.of());

    public Upgrades {
        allowed = Map.copyOf(allowed);
    }

    public boolean allows(String protocol) {
        return allowed.getOrDefault(Ascii.toLowerCase(protocol), false);
    }

    /** These, but for what the others say. */
    public Upgrades but(Map<String, Boolean> others) {
        if (others.isEmpty()) {
            return this;
        }
        Map<String, Boolean> all = new HashMap<>(allowed);
        all.putAll(others);
        return new Upgrades(all);
    }
}
