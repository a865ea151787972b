package io.sluice.loadtests.harness;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Three Consul servers that keep their state in a folder, so that it survives them. */
public final class ConsulServers implements AutoCloseable {
    private static final int COUNT = 3;
    private static final Duration START = Duration.ofSeconds(60);

    private final Path folder;
    private final List<Server> servers = new ArrayList<>();

    private static final class Server {
        final String name;
        final int http = Ports.free();
        final int rpc = Ports.free();
        final int lan = Ports.free();
        final int wan = Ports.free();

        @Nullable
        ProgramProcess process;

        Server(String name) {
            this.name = name;
        }
    }

    private ConsulServers(Path folder) {
        this.folder = folder;
        for (int i = 0; i < COUNT; i++) {
            servers.add(new Server("server-" + i));
        }
    }

    /** Starts them and waits until they have a leader. @throws MissingPartException when there is no Consul on this machine */
    public static ConsulServers start(Path folder) {
        ConsulServers all = new ConsulServers(folder);
        for (int i = 0; i < COUNT; i++) {
            all.start(i);
        }
        all.awaitLeader(0);
        return all;
    }

    /** Of one of them: 0 to 2. */
    public int httpPort(int server) {
        return servers.get(server).http;
    }

    /** SIGKILL, to one that runs. */
    public void kill(int server) {
        Objects.requireNonNull(servers.get(server).process).kill();
    }

    /** Starts one that was killed, with the state that it had. */
    public void start(int server) {
        Server one = servers.get(server);
        List<String> command = new ArrayList<>(List.of(
                Part.CONSUL.need().toString(),
                "agent",
                "-server",
                "-bootstrap-expect",
                Integer.toString(COUNT),
                "-data-dir",
                folder.resolve(one.name).toString(),
                "-node",
                one.name,
                "-bind",
                "127.0.0.1",
                "-client",
                "127.0.0.1",
                "-http-port",
                Integer.toString(one.http),
                "-server-port",
                Integer.toString(one.rpc),
                "-serf-lan-port",
                Integer.toString(one.lan),
                "-serf-wan-port",
                Integer.toString(one.wan),
                "-dns-port",
                "-1",
                "-grpc-port",
                "-1",
                "-log-level",
                "warn",
                "-hcl",
                "performance { raft_multiplier = 1 }"));
        for (Server other : servers) {
            command.addAll(List.of("-retry-join", "127.0.0.1:" + other.lan, "-retry-interval", "1s"));
        }
        one.process = ProgramProcess.start(one.name, command, Map.of(), folder);
    }

    /** Which one the others follow, as {@code asked} says; empty where it knows none. */
    public Optional<Integer> leader(int asked) {
        String answer = String.valueOf(Probe.text(servers.get(asked).http, "/v1/status/leader"));
        for (int i = 0; i < COUNT; i++) {
            if (answer.contains("127.0.0.1:" + servers.get(i).rpc + "\"")) {
                return Optional.of(i);
            }
        }
        return Optional.empty();
    }

    /** Until {@code asked} knows a leader and its catalog. */
    public void awaitLeader(int asked) {
        Server one = servers.get(asked);
        Objects.requireNonNull(one.process)
                .awaitReady(
                        () -> leader(asked).isPresent()
                                && String.valueOf(Probe.text(one.http, "/v1/catalog/nodes"))
                                        .contains("\"" + one.name + "\""),
                        START);
    }

    @Override
    public void close() {
        servers.forEach(server -> {
            if (server.process != null) {
                server.process.close();
            }
        });
    }
}
