package io.sluice.loadtests.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.Promise;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** The one thread of a load, and what it counts. Epoll where there is one: its timers are finer than a millisecond. */
final class CallingLoop implements AutoCloseable {
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(
            1, Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    private final EventLoop loop = group.next();

    /** One request at a time, again and again. All calls come from the loop. */
    abstract static class Lane {
        private final EventLoop loop;
        private final Latencies latencies;
        private final long gapNanos;
        private long due;
        private boolean stopped;
        private long requests;
        private long failures;

        /** @param gapNanos from one request's due time to the next's; 0 sends when the answer is there */
        Lane(EventLoop loop, Latencies latencies, long gapNanos) {
            this.loop = loop;
            this.latencies = latencies;
            this.gapNanos = gapNanos;
        }

        abstract void send();

        final void answered(boolean ok) {
            long now = System.nanoTime();
            if (stopped) {
                return;
            }
            requests++;
            failures += ok ? 0 : 1;
            latencies.add(now - due);
            due = gapNanos == 0 ? now : due + gapNanos;
            next(now);
        }

        final void broken() {
            failures += stopped ? 0 : 1;
        }

        private void begin(long at) {
            due = at;
            next(System.nanoTime());
        }

        private void next(long now) {
            if (due > now) {
                loop.schedule(this::sendUnlessStopped, due - now, TimeUnit.NANOSECONDS);
            } else {
                sendUnlessStopped();
            }
        }

        private void sendUnlessStopped() {
            if (!stopped) {
                send();
            }
        }
    }

    EventLoop loop() {
        return loop;
    }

    Channel connect(int port, ChannelHandler handler) throws InterruptedException {
        return new Bootstrap()
                .group(loop)
                .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(handler)
                .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .sync()
                .channel();
    }

    /** Lets the lanes call, spread evenly over the gap between two requests of one. */
    Load.Round drive(List<? extends Lane> lanes, Latencies latencies, Duration duration) throws InterruptedException {
        long busyBefore = onLoop(CallingLoop::ownCpuNanos);
        long began = System.nanoTime();
        onLoop(() -> {
            for (int i = 0; i < lanes.size(); i++) {
                Lane lane = lanes.get(i);
                lane.begin(began + lane.gapNanos * i / lanes.size());
            }
            return began;
        });
        TimeUnit.NANOSECONDS.sleep(duration.toNanos());
        return onLoop(() -> {
            long took = System.nanoTime() - began;
            long requests = 0;
            long failures = 0;
            for (Lane lane : lanes) {
                lane.stopped = true;
                requests += lane.requests;
                failures += lane.failures;
            }
            double busy = (double) (ownCpuNanos() - busyBefore) / took;
            return new Load.Round(requests, failures, Duration.ofNanos(took), latencies, busy);
        });
    }

    void closeAll(List<Channel> channels) throws InterruptedException {
        for (Channel channel : new ArrayList<>(channels)) {
            channel.close().sync();
        }
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private <T> T onLoop(Callable<T> work) throws InterruptedException {
        Promise<T> done = loop.newPromise();
        loop.execute(() -> {
            try {
                done.setSuccess(work.call());
            } catch (Exception e) {
                done.setFailure(e);
            }
        });
        return done.sync().getNow();
    }

    private static long ownCpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
