package io.sluice.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class WireGuardTest {
    @Test
    void aCallerThatBreaksOffBeforeItSaysAnythingIsNoNews() {
        Caller caller = new RecordingCaller(WireLimits.DEFAULT);
        EmbeddedChannel channel = new EmbeddedChannel(new WireGuard(caller, (pipeline, gate) -> {}, pipeline -> {}));
        channel.pipeline().fireExceptionCaught(new IOException("reset"));
        channel.checkException(); // nothing reached the pipeline's end
        assertThat(channel.isOpen()).isFalse();
    }
}
