package io.sluice.gateway.cluster;

import com.linecorp.armeria.common.util.TransportType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.resolver.DefaultHostsFileEntriesResolver;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsServerAddressStreamProvider;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import io.netty.resolver.dns.NoopDnsCache;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The operating system's resolver, whose calls block: on an executor of its own. It does not say how long an answer holds; where that is asked for, the
 * system's name servers are asked instead, unless the system's hosts file knows the name.
 */
public final class SystemDnsResolver implements DnsResolver {
    private static final long SECONDS_PER_DAY = 86_400;

    private final Executor blocking;
    private final EventLoopGroup loops;
    private final DnsServerAddressStreamProvider servers;
    private @Nullable DnsNameResolver direct;

    public SystemDnsResolver(Executor blocking, EventLoopGroup loops) {
        this(blocking, loops, DnsServerAddressStreamProviders.platformDefault());
    }

    SystemDnsResolver(Executor blocking, EventLoopGroup loops, DnsServerAddressStreamProvider servers) {
        this.blocking = blocking;
        this.loops = loops;
        this.servers = servers;
    }

    @Override
    public void resolve(String host, Consumer<List<InetAddress>> result) {
        InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
        if (literal != null) {
            result.accept(List.of(literal));
            return;
        }
        blocking.execute(() -> {
            try {
                result.accept(List.of(InetAddress.getAllByName(host)));
            } catch (UnknownHostException e) {
                result.accept(List.of());
            }
        });
    }

    @Override
    public void resolveWithTtl(String host, Consumer<Answer> result) {
        if (NetUtil.createInetAddressFromIpAddressString(host) != null || inHostsFile(host)) {
            DnsResolver.super.resolveWithTtl(host, result);
            return;
        }
        String name = host.endsWith(".") ? host : host + ".";
        direct().resolveAll(new DefaultDnsQuestion(name, DnsRecordType.A))
                .addListener(four -> direct().resolveAll(new DefaultDnsQuestion(name, DnsRecordType.AAAA))
                        .addListener(six -> result.accept(answer(records(four), records(six)))));
    }

    private static boolean inHostsFile(String host) {
        return new DefaultHostsFileEntriesResolver().address(host, ResolvedAddressTypes.IPV4_PREFERRED) != null;
    }

    private synchronized DnsNameResolver direct() {
        DnsNameResolver known = direct;
        if (known == null) {
            known = new DnsNameResolverBuilder(loops.next())
                    .datagramChannelType(TransportType.datagramChannelType(loops))
                    .nameServerProvider(servers)
                    .resolveCache(NoopDnsCache.INSTANCE)
                    .build();
            direct = known;
        }
        return known;
    }

    @SuppressWarnings("unchecked") // what resolveAll promises
    private static List<DnsRecord> records(Future<?> done) {
        return done.isSuccess() ? (List<DnsRecord>) done.getNow() : List.of();
    }

    private static Answer answer(List<DnsRecord> four, List<DnsRecord> six) {
        List<InetAddress> addresses = new ArrayList<>();
        long ttl = SECONDS_PER_DAY;
        for (List<DnsRecord> records : List.of(four, six)) {
            for (DnsRecord each : records) {
                if (each instanceof DnsRawRecord record) {
                    ttl = Math.min(ttl, record.timeToLive());
                    address(record.content()).ifPresent(addresses::add);
                }
                ReferenceCountUtil.release(each);
            }
        }
        // one who says 0 is asked again in a second
        return new Answer(addresses, Duration.ofSeconds(Math.max(1, ttl)));
    }

    private static java.util.Optional<InetAddress> address(ByteBuf content) {
        try {
            return java.util.Optional.of(InetAddress.getByAddress(ByteBufUtil.getBytes(content)));
        } catch (UnknownHostException e) {
            return java.util.Optional.empty();
        }
    }
}
