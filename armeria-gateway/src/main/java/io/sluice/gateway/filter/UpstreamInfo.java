package io.sluice.gateway.filter;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** What the last filter learns of the upstream side, for logs and formatters. On the exchange's event loop; times are System.nanoTime(). */
public final class UpstreamInfo {
    public @Nullable InetSocketAddress address;
    public @Nullable InetSocketAddress localAddress;
    public String cluster = "";
    public String protocol = "";
    public String transportFailure = "";
    public int attempts;
    public long firstRequestByteNanos;
    public long lastRequestByteNanos;
    public long firstResponseByteNanos;
    public long lastResponseByteNanos;
}
