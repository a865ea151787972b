package io.sluice.gateway.listener;

import com.linecorp.armeria.common.util.EventLoopGroups;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoopGroup;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * Takes a server's connections, and stops taking them while the server goes on: Armeria itself accepts until it has stopped. Knows the socket
 * because it is registered with the group made here.
 */
final class Acceptor {
    private volatile @Nullable Channel socket;

    /** For {@code ServerBuilder.bossGroupFactory}. */
    EventLoopGroup group(String threadName) {
        EventLoopGroup real = EventLoopGroups.newEventLoopGroup(1, task -> {
            Thread thread = new FastThreadLocalThread(task, threadName);
            thread.setDaemon(true);
            return thread;
        });
        return (EventLoopGroup) Proxy.newProxyInstance(
                Acceptor.class.getClassLoader(),
                new Class<?>[] {IoEventLoopGroup.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("register") && arguments[0] instanceof Channel channel) {
                        socket = channel;
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    void close() {
        Channel open = socket;
        if (open != null) {
            open.close().syncUninterruptibly();
        }
    }
}
