package io.sluice.gateway.compile;

import java.net.InetSocketAddress;

/** A port and what happens with requests on it. Immutable. */
public record CompiledListener(String name, InetSocketAddress address, HttpConnectionManager manager) {}
