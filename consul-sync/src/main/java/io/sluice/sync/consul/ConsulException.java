package io.sluice.sync.consul;

/** Consul did not answer, or with something else than what was asked for. */
final class ConsulException extends RuntimeException {
    ConsulException(String message) {
        super(message, null, false, false);
    }
}
