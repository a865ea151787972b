package io.sluice.loadtests.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.ProgramProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Starts nginx with everything it writes in a folder of ours. */
final class Nginx {
    private Nginx() {}

    /** @param http what stands inside {@code http { }} */
    static ProgramProcess start(String name, Path folder, int workers, String http) throws IOException {
        Path own = Files.createDirectories(folder.resolve("nginx-" + name));
        StringBuilder config = new StringBuilder();
        config.append("daemon off; worker_processes ").append(workers).append(";\n");
        if ("root".equals(System.getProperty("user.name"))) {
            config.append("user root;\n"); // else its workers may not read our folder
        }
        config.append(String.format(
                Locale.ROOT,
                "pid \"%s/pid\"; error_log stderr warn;\nevents { worker_connections 4096; }\nhttp {\n",
                own));
        for (String kind : List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) {
            config.append(String.format(Locale.ROOT, "%s_temp_path \"%s/%s\";\n", kind, own, kind));
        }
        config.append("access_log off; default_type text/plain; keepalive_requests 1000000000; keepalive_timeout 1h;\n")
                .append(http)
                .append("}\n");
        Path file = Files.writeString(own.resolve("nginx.conf"), config, UTF_8);
        return ProgramProcess.start(
                "nginx-" + name,
                List.of(Part.NGINX.need().toString(), "-p", own.toString(), "-e", "stderr", "-c", file.toString()),
                Map.of(),
                own);
    }
}
