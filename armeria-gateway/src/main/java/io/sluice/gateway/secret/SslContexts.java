package io.sluice.gateway.secret;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.util.ReferenceCountUtil;
import java.lang.ref.Cleaner;
import java.util.List;
import javax.net.ssl.SSLException;

/** Makes Netty's contexts, of BoringSSL where the machine has it, which Envoy is built with too. */
final class SslContexts {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final boolean NATIVE = OpenSsl.isAvailable();

    private SslContexts() {}

    static void configure(SslContextBuilder builder, TlsParameters parameters, List<String> alpn) {
        builder.protocols(parameters.protocols());
        if (NATIVE) {
            builder.sslProvider(SslProvider.OPENSSL_REFCNT)
                    .ciphers(parameters.allCiphers(), IdentityCipherSuiteFilter.INSTANCE)
                    .option(OpenSslContextOption.GROUPS, parameters.curves().toArray(String[]::new));
        } else {
            builder.sslProvider(SslProvider.JDK).ciphers(parameters.javaCiphers(), SupportedCipherSuiteFilter.INSTANCE);
        }
        if (!alpn.isEmpty()) {
            builder.applicationProtocolConfig(new ApplicationProtocolConfig(
                    Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT, alpn));
        }
    }

    /** @param owner whose end is the context's too, since a connection may ask for one while it is being replaced */
    static SslContext build(SslContextBuilder builder, Object owner) throws SSLException {
        SslContext context = builder.build();
        CLEANER.register(owner, () -> ReferenceCountUtil.release(context));
        return context;
    }

    static boolean isNative() {
        return NATIVE;
    }
}
