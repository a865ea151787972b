package io.sluice.loadtests.bench;

import io.sluice.loadtests.harness.Envoy;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.StaticBootstrap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Who is measured. Each forwards everything to one upstream over connections that stay open, with a worker per processor. */
enum Proxy {
    GATEWAY {
        @Override
        Optional<Part> part() {
            return Optional.empty();
        }

        @Override
        Running start(Path folder, int upstreamPort, Setup setup) throws IOException {
            int port = Ports.free();
            return new Running(Gateway.launch(bootstrap(folder, port, upstreamPort, setup)), port, port);
        }
    },
    ENVOY {
        @Override
        Optional<Part> part() {
            return Optional.of(Part.ENVOY);
        }

        @Override
        Running start(Path folder, int upstreamPort, Setup setup) throws IOException {
            int port = Ports.free();
            return new Running(Envoy.launch(bootstrap(folder, port, upstreamPort, setup), WORKERS), port, port);
        }
    },
    NGINX {
        @Override
        Optional<Part> part() {
            return Optional.of(Part.NGINX);
        }

        @Override
        Running start(Path folder, int upstreamPort, Setup setup) throws IOException {
            int port = Ports.free();
            int http2Port = Ports.free();
            ProgramProcess process = Nginx.start(
                    "proxy", folder, WORKERS, String.format(Locale.ROOT, """
                    upstream backend { server 127.0.0.1:%d; keepalive 256; keepalive_requests 1000000000; }
                    server {
                      listen 127.0.0.1:%d;
                      listen 127.0.0.1:%d http2;
                      location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; }
                    }
                    """, upstreamPort, port, http2Port));
            return new Running(process, port, http2Port);
        }
    };

    private static final int WORKERS = Runtime.getRuntime().availableProcessors();

    /** The program it needs that is not ours. */
    abstract Optional<Part> part();

    /** Starts it without waiting for it. nginx knows but {@link Setup#PLAIN}. */
    abstract Running start(Path folder, int upstreamPort, Setup setup) throws IOException;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** A started proxy. HTTP/2 is spoken with prior knowledge. */
    record Running(ProgramProcess process, int http1Port, int http2Port) implements AutoCloseable {
        long pid() {
            return process.pid();
        }

        @Override
        public void close() {
            process.close();
        }
    }

    /** The same for gateway and Envoy but for its ports. */
    private static Path bootstrap(Path folder, int port, int upstreamPort, Setup setup) throws IOException {
        return setup.on(StaticBootstrap.to(upstreamPort)).on(port, Ports.free()).write(folder);
    }
}
