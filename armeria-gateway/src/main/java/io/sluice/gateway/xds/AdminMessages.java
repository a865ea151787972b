package io.sluice.gateway.xds;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.StringValue;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.admin.v3.BootstrapConfigDump;
import io.envoyproxy.envoy.admin.v3.ClientResourceStatus;
import io.envoyproxy.envoy.admin.v3.ClustersConfigDump;
import io.envoyproxy.envoy.admin.v3.ConfigDump;
import io.envoyproxy.envoy.admin.v3.EndpointsConfigDump;
import io.envoyproxy.envoy.admin.v3.ListenersConfigDump;
import io.envoyproxy.envoy.admin.v3.RoutesConfigDump;
import io.envoyproxy.envoy.admin.v3.SecretsConfigDump;
import io.envoyproxy.envoy.admin.v3.ServerInfo;
import io.envoyproxy.envoy.admin.v3.UpdateFailureState;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import udpa.annotations.Sensitive;

/** The admin pages that are Envoy's own messages, as JSON. What a message marks as sensitive is not shown. */
public final class AdminMessages {
    private static final String REDACTED = "[redacted]";

    /** Tokens for the services asked; Envoy does not mark it. */
    private static final String CREDENTIALS = "envoy.config.core.v3.GrpcService.initial_metadata";

    private static final String HEADER_NAME = "envoy.config.core.v3.HeaderValue.key";

    private static final FieldDescriptor STATE = ServerInfo.getDescriptor().findFieldByName("state");

    private final Bootstrap bootstrap;
    private final Resources statics;
    private final Instant started;

    public AdminMessages(BootstrapParser.Start start, Instant started) {
        bootstrap = start.message();
        statics = new Resources(start.statics());
        this.started = started;
    }

    /** One name of one kind: the version in force, the one refused, or both. */
    private record Status(Message resource, AdsClient.@Nullable Entry entry, AdsClient.@Nullable Refusal refusal) {
        String version() {
            return entry == null ? "" : entry.version();
        }

        Timestamp since() {
            return entry == null ? Timestamp.getDefaultInstance() : timestamp(entry.since());
        }

        ClientResourceStatus status() {
            return refusal == null ? ClientResourceStatus.ACKED : ClientResourceStatus.NACKED;
        }

        Optional<UpdateFailureState> error() {
            return Optional.ofNullable(refusal)
                    .map(refused -> UpdateFailureState.newBuilder()
                            .setDetails(refused.reason())
                            .setVersionInfo(refused.version())
                            .setLastUpdateAttempt(timestamp(refused.since()))
                            .build());
        }
    }

    /**
     * {@code envoy.admin.v3.ConfigDump}. A resource without a version that was ever accepted stands there with its name and why.
     *
     * @param view empty where there is no xDS server
     */
    public String configDump(Optional<AdsClient.View> view) {
        ConfigDump.Builder dump = ConfigDump.newBuilder();
        dump.addConfigs(Any.pack(BootstrapConfigDump.newBuilder()
                .setBootstrap(bootstrap)
                .setLastUpdated(timestamp(started))
                .build()));
        dump.addConfigs(Any.pack(clusters(view)));
        dump.addConfigs(Any.pack(listeners(view)));
        dump.addConfigs(Any.pack(routes(view)));
        dump.addConfigs(Any.pack(endpoints(view)));
        dump.addConfigs(Any.pack(secrets(view)));
        return json(dump.build());
    }

    /**
     * {@code envoy.admin.v3.ServerInfo}
     *
     * @param version of this program
     */
    public String serverInfo(String version, boolean draining, boolean configured, Duration uptime) {
        ServerInfo.State state = draining
                ? ServerInfo.State.DRAINING
                : configured ? ServerInfo.State.LIVE : ServerInfo.State.INITIALIZING;
        return json(ServerInfo.newBuilder()
                .setVersion(version)
                .setState(state)
                .setUptimeCurrentEpoch(Durations.fromSeconds(uptime.toSeconds()))
                .setUptimeAllEpochs(Durations.fromSeconds(uptime.toSeconds()))
                .setNode(Node.newBuilder(bootstrap.getNode()))
                .build());
    }

    private ClustersConfigDump clusters(Optional<AdsClient.View> view) {
        ClustersConfigDump.Builder dump = ClustersConfigDump.newBuilder();
        statics.of(ResourceKind.CLUSTER)
                .values()
                .forEach(cluster -> dump.addStaticClustersBuilder()
                        .setCluster(Any.pack(cluster))
                        .setLastUpdated(timestamp(started)));
        dynamic(view, ResourceKind.CLUSTER).values().forEach(status -> {
            ClustersConfigDump.DynamicCluster.Builder each = dump.addDynamicActiveClustersBuilder()
                    .setVersionInfo(status.version())
                    .setCluster(Any.pack(status.resource()))
                    .setLastUpdated(status.since())
                    .setClientStatus(status.status());
            status.error().ifPresent(each::setErrorState);
        });
        return dump.build();
    }

    private ListenersConfigDump listeners(Optional<AdsClient.View> view) {
        ListenersConfigDump.Builder dump = ListenersConfigDump.newBuilder();
        statics.of(ResourceKind.LISTENER)
                .values()
                .forEach(listener -> dump.addStaticListenersBuilder()
                        .setListener(Any.pack(listener))
                        .setLastUpdated(timestamp(started)));
        dynamic(view, ResourceKind.LISTENER).forEach((name, status) -> {
            ListenersConfigDump.DynamicListener.Builder each =
                    dump.addDynamicListenersBuilder().setName(name).setClientStatus(status.status());
            if (status.entry() != null) {
                each.getActiveStateBuilder()
                        .setVersionInfo(status.version())
                        .setListener(Any.pack(status.resource()))
                        .setLastUpdated(status.since());
            }
            status.error().ifPresent(each::setErrorState);
        });
        return dump.build();
    }

    private static RoutesConfigDump routes(Optional<AdsClient.View> view) {
        RoutesConfigDump.Builder dump = RoutesConfigDump.newBuilder();
        dynamic(view, ResourceKind.ROUTES).values().forEach(status -> {
            RoutesConfigDump.DynamicRouteConfig.Builder each = dump.addDynamicRouteConfigsBuilder()
                    .setVersionInfo(status.version())
                    .setRouteConfig(Any.pack(status.resource()))
                    .setLastUpdated(status.since())
                    .setClientStatus(status.status());
            status.error().ifPresent(each::setErrorState);
        });
        return dump.build();
    }

    private static EndpointsConfigDump endpoints(Optional<AdsClient.View> view) {
        EndpointsConfigDump.Builder dump = EndpointsConfigDump.newBuilder();
        dynamic(view, ResourceKind.ENDPOINTS).values().forEach(status -> {
            EndpointsConfigDump.DynamicEndpointConfig.Builder each = dump.addDynamicEndpointConfigsBuilder()
                    .setVersionInfo(status.version())
                    .setEndpointConfig(Any.pack(status.resource()))
                    .setLastUpdated(status.since())
                    .setClientStatus(status.status());
            status.error().ifPresent(each::setErrorState);
        });
        return dump.build();
    }

    private SecretsConfigDump secrets(Optional<AdsClient.View> view) {
        SecretsConfigDump.Builder dump = SecretsConfigDump.newBuilder();
        statics.of(ResourceKind.SECRET)
                .forEach((name, secret) -> dump.addStaticSecretsBuilder()
                        .setName(name)
                        .setSecret(Any.pack(secret))
                        .setLastUpdated(timestamp(started)));
        dynamic(view, ResourceKind.SECRET).forEach((name, status) -> {
            SecretsConfigDump.DynamicSecret.Builder each = dump.addDynamicActiveSecretsBuilder()
                    .setName(name)
                    .setVersionInfo(status.version())
                    .setSecret(Any.pack(status.resource()))
                    .setLastUpdated(status.since())
                    .setClientStatus(status.status());
            status.error().ifPresent(each::setErrorState);
        });
        return dump.build();
    }

    private static SortedMap<String, Status> dynamic(Optional<AdsClient.View> view, ResourceKind kind) {
        SortedMap<String, Status> all = new TreeMap<>();
        view.ifPresent(seen -> {
            seen.accepted().forEach((key, entry) -> {
                if (key.kind() == kind) {
                    all.put(
                            key.name(),
                            new Status(entry.message(), entry, seen.refused().get(key)));
                }
            });
            seen.refused().forEach((key, refusal) -> {
                if (key.kind() == kind) {
                    all.putIfAbsent(key.name(), new Status(named(kind, key.name()), null, refusal));
                }
            });
        });
        return all;
    }

    private static Message named(ResourceKind kind, String name) {
        return switch (kind) {
            case CLUSTER -> Cluster.newBuilder().setName(name).build();
            case ENDPOINTS ->
                ClusterLoadAssignment.newBuilder().setClusterName(name).build();
            case LISTENER -> Listener.newBuilder().setName(name).build();
            case SECRET -> Secret.newBuilder().setName(name).build();
            case ROUTES -> RouteConfiguration.newBuilder().setName(name).build();
        };
    }

    private static Timestamp timestamp(Instant instant) {
        return Timestamp.newBuilder()
                .setSeconds(instant.getEpochSecond())
                .setNanos(instant.getNano())
                .build();
    }

    // --- JSON

    private static final List<Message> PAGES = List.of(
            BootstrapConfigDump.getDefaultInstance(),
            ClustersConfigDump.getDefaultInstance(),
            ListenersConfigDump.getDefaultInstance(),
            RoutesConfigDump.getDefaultInstance(),
            EndpointsConfigDump.getDefaultInstance(),
            SecretsConfigDump.getDefaultInstance(),
            Secret.getDefaultInstance(),
            Cluster.getDefaultInstance(),
            Listener.getDefaultInstance(),
            RouteConfiguration.getDefaultInstance(),
            ClusterLoadAssignment.getDefaultInstance());

    private static String json(Message message) {
        JsonFormat.TypeRegistry.Builder types = JsonFormat.TypeRegistry.newBuilder();
        PAGES.forEach(page -> types.add(page.getDescriptorForType()));
        EnvoyTypes.all().forEach(type -> types.add(type.getDescriptorForType()));
        try {
            return JsonFormat.printer()
                            .preservingProtoFieldNames()
                            .usingTypeRegistry(types.build())
                            .includingDefaultValueFields(Set.of(STATE)) // LIVE is its default
                            .print(shown(message, false))
                    + "\n";
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a message with a type that is not listed", e);
        }
    }

    /** @param hidden whether every text in it is to be hidden */
    private static Message shown(Message message, boolean hidden) {
        if (message instanceof Any any) {
            return packed(any, hidden);
        }
        Message.Builder copy = message.toBuilder();
        message.getAllFields().forEach((field, value) -> {
            boolean hide = hidden || isSecret(field);
            if (field.isRepeated()) {
                List<?> items = (List<?>) value;
                for (int i = 0; i < items.size(); i++) {
                    copy.setRepeatedField(field, i, shown(field, items.get(i), hide));
                }
            } else {
                copy.setField(field, shown(field, value, hide));
            }
        });
        return copy.build();
    }

    private static boolean isSecret(FieldDescriptor field) {
        return field.getOptions().getExtension(Sensitive.sensitive)
                || field.getFullName().equals(CREDENTIALS);
    }

    private static Object shown(FieldDescriptor field, Object value, boolean hide) {
        return switch (field.getJavaType()) {
            case MESSAGE -> shown((Message) value, hide);
            case STRING -> hide && !field.getFullName().equals(HEADER_NAME) ? REDACTED : value;
            case BYTE_STRING -> hide ? ByteString.copyFromUtf8(REDACTED) : value;
            default -> value;
        };
    }

    /** What cannot be read, because it is of no effect and its type is not known, is named. */
    private static Any packed(Any any, boolean hide) {
        Optional<Message> type = EnvoyTypes.known(any.getTypeUrl())
                .or(() -> PAGES.stream()
                        .filter(page -> any.getTypeUrl()
                                .endsWith("/" + page.getDescriptorForType().getFullName()))
                        .findFirst());
        try {
            if (type.isPresent()) {
                Message message = type.get().getParserForType().parseFrom(any.getValue());
                return any.toBuilder()
                        .setValue(shown(message, hide).toByteString())
                        .build();
            }
        } catch (InvalidProtocolBufferException e) {
            // named below
        }
        return any.getTypeUrl().isEmpty()
                ? any
                : Any.pack(
                        StringValue.of(any.getTypeUrl() + ", " + any.getValue().size() + " bytes"));
    }
}
