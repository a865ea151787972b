package io.sluice.sync.model;

/**
 * What nodes show or believe over TLS, under the name by which listeners and policies call it.
 *
 * @param origin where it is written, for problems: {@code certificates.yaml:2 certificates.shop}
 */
public record Certificate(String name, Content content, String origin) {

    /** One of two, as Envoy's Secret. */
    public sealed interface Content {
        /**
         * Shown to the other side.
         *
         * @param chain its own certificate first
         */
        record Own(Pem chain, Pem key) implements Content {}

        /** Those whose certificates are believed. */
        record Authorities(Pem certificates) implements Content {}
    }

    /** PEM, or where it is. Prints no content: it may be a key. */
    public sealed interface Pem {
        record Text(String pem) implements Pem {
            @Override
            public String toString() {
                return "***";
            }
        }

        /** @param name of a file as it is written; a relative one lies beside the documents */
        record File(String name) implements Pem {}
    }
}
