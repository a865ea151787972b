package io.sluice.gateway.listener;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.FakeExchange;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilter.Next;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterFactory.Phase;
import io.sluice.gateway.filter.Piece;
import io.sluice.gateway.filter.TerminalFilter;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilterFlowTest {
    private static final int LIMIT = 10;

    private final FakeExchange exchange = new FakeExchange(RequestHeaders.of(HttpMethod.POST, "/"));
    private final List<ByteBuf> given = new ArrayList<>();
    private final List<String> out = new ArrayList<>();
    private @Nullable Flow flow;

    @AfterEach
    void everyByteIsReleased() {
        flow().drop();
        assertThat(given).allMatch(data -> data.refCnt() == 0);
    }

    /** A request's direction, to a list of words. */
    private final class Flow extends FilterFlow {
        private boolean overLimit;

        Flow(ExchangeFilters filters) {
            super(filters);
        }

        @Override
        int place(int passed) {
            return passed;
        }

        @Override
        Phase phase(Part part) {
            return switch (part) {
                case Head head -> Phase.REQUEST_HEADERS;
                case Body body -> Phase.REQUEST_DATA;
                case Tail tail -> Phase.REQUEST_TRAILERS;
            };
        }

        @Override
        Next call(HttpFilter filter, Part part) {
            return switch (part) {
                case Head head -> filter.onRequestHeaders(exchange, exchange.request(), head.isEnd());
                case Body body -> filter.onRequestData(exchange, body.piece());
                case Tail tail -> filter.onRequestTrailers(exchange, tail.trailers());
            };
        }

        @Override
        void out(Part part) {
            out.add(
                    switch (part) {
                        case Head head -> "head" + (head.isEnd() ? "." : "");
                        case Body body -> {
                            boolean end = body.piece().isEnd();
                            try (HttpData data = body.piece().take()) {
                                yield data.toStringUtf8() + (end ? "." : "");
                            }
                        }
                        case Tail tail -> "tail" + tail.trailers().build().names();
                    });
        }

        @Override
        long bufferLimit() {
            return LIMIT;
        }

        @Override
        void tooLarge() {
            overLimit = true;
            drop();
        }
    }

    private Flow flow() {
        return Objects.requireNonNull(flow);
    }

    private static final class Scripted implements HttpFilter {
        private BiFunction<RequestHeadersBuilder, Boolean, Next> head = (headers, end) -> Next.CONTINUE;
        private BiFunction<Piece, String, Next> data = (piece, text) -> Next.CONTINUE;
        private BiFunction<Exchange, HttpHeadersBuilder, Next> tail = (exchange, trailers) -> Next.CONTINUE;

        @Override
        public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
            return head.apply(headers, end);
        }

        @Override
        public Next onRequestData(Exchange exchange, Piece piece) {
            return data.apply(piece, piece.data().toStringUtf8());
        }

        @Override
        public Next onRequestTrailers(Exchange exchange, HttpHeadersBuilder trailers) {
            return tail.apply(exchange, trailers);
        }
    }

    private record Factory(HttpFilter filter, Set<Phase> phases) implements HttpFilterFactory {
        @Override
        public String name() {
            return "test";
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return filter;
        }
    }

    private Flow through(Scripted... filters) {
        return through(EnumSet.allOf(Phase.class), filters);
    }

    private Flow through(Set<Phase> phases, Scripted... filters) {
        List<HttpFilterFactory> factories = new ArrayList<>();
        for (Scripted filter : filters) {
            factories.add(new Factory(filter, phases));
        }
        TerminalFilter.Factory nobody = (TerminalFilter.Factory) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {TerminalFilter.Factory.class},
                (self, method, words) -> method.getReturnType() == TerminalFilter.class
                        ? Proxy.newProxyInstance(
                                getClass().getClassLoader(), new Class<?>[] {TerminalFilter.class}, (s, m, w) -> null)
                        : null);
        ExchangeFilters all = new ExchangeFilters(new FilterChain(factories, Set.of(), nobody));
        all.create(exchange);
        Flow made = new Flow(all);
        flow = made;
        return made;
    }

    private HttpData bytes(String text) {
        if (text.isEmpty()) {
            return HttpData.empty();
        }
        ByteBuf buffer = Unpooled.copiedBuffer(text, UTF_8);
        given.add(buffer);
        return HttpData.wrap(buffer);
    }

    private void head(boolean end) {
        flow().pass(new FilterFlow.Head(end));
    }

    private void body(String text, boolean end) {
        flow().pass(new FilterFlow.Body(bytes(text), end));
    }

    private void tail(String name) {
        flow().pass(new FilterFlow.Tail(HttpHeaders.builder().add(name, "1")));
    }

    @Test
    void passesPartByPart() {
        through(new Scripted(), new Scripted());
        head(false);
        body("a", false);
        body("b", true);
        assertThat(out).containsExactly("head", "a", "b.");
    }

    @Test
    void tellsTheEndAfterTheLastByteToo() {
        Scripted watching = new Scripted();
        List<String> seen = new ArrayList<>();
        watching.data = (piece, text) -> {
            seen.add(text + (piece.isEnd() ? "." : ""));
            return Next.CONTINUE;
        };
        through(watching);
        head(false);
        body("a", false);
        body("", true);
        assertThat(seen).containsExactly("a", ".");
        assertThat(out).containsExactly("head", "a", ".");
    }

    @Test
    void asksOnlyThoseThatTakePart() {
        Scripted filter = new Scripted();
        filter.data = (piece, text) -> {
            throw new AssertionError("asked");
        };
        through(EnumSet.of(Phase.REQUEST_HEADERS), filter);
        assertThat(flow().isFree(Phase.REQUEST_DATA)).isTrue();
        assertThat(flow().isFree(Phase.REQUEST_HEADERS)).isFalse();
        head(false);
        body("a", true);
        assertThat(out).containsExactly("head", "a.");
    }

    @Test
    void pausesAndResumesAtItsFilterOnly() {
        Scripted pausing = new Scripted();
        pausing.head = (headers, end) -> Next.PAUSE;
        through(new Scripted(), pausing);
        head(false);
        body("a", true);
        flow().resume(0);
        assertThat(out).isEmpty();
        assertThat(flow().isPaused()).isTrue();
        assertThat(flow().waitingBytes()).isEqualTo(1);
        flow().resume(1);
        assertThat(out).containsExactly("head", "a.");
        assertThat(flow().waitingBytes()).isZero();
    }

    @Test
    void keepsHeadersAndBodyUntilTheFilterGoesOn() {
        Scripted keeping = new Scripted();
        keeping.head = (headers, end) -> Next.STOP_AND_BUFFER;
        keeping.data = (piece, text) -> piece.isEnd() ? Next.CONTINUE : Next.STOP_AND_BUFFER;
        through(keeping, new Scripted());
        head(false);
        body("a", false);
        body("b", false);
        assertThat(out).isEmpty();
        assertThat(flow().isStopped()).isTrue();
        assertThat(flow().isPaused()).isFalse();
        body("c", true);
        assertThat(out).containsExactly("head", "a", "b", "c.");
        assertThat(flow().isStopped()).isFalse();
    }

    @Test
    void keepsBodyForAFilterThatTakesNoPartInIt() {
        Scripted asking = new Scripted();
        asking.head = (headers, end) -> Next.STOP_AND_BUFFER;
        through(EnumSet.of(Phase.REQUEST_HEADERS), asking);
        head(false);
        body("a", false);
        tail("x");
        assertThat(out).isEmpty();
        flow().resume(0);
        assertThat(out).containsExactly("head", "a", "tail[x]");
    }

    @Test
    void waitsForAnAnswerWithTheWholeBodyKept() {
        Scripted asking = new Scripted();
        asking.head = (headers, end) -> Next.STOP_AND_BUFFER;
        asking.data = (piece, text) -> piece.isEnd() ? Next.PAUSE : Next.STOP_AND_BUFFER;
        through(asking);
        head(false);
        body("a", false);
        body("b", true);
        assertThat(flow().isPaused()).isTrue();
        flow().resume(0);
        assertThat(out).containsExactly("head", "a", "b.");
    }

    @Test
    void twoFiltersKeepOneAfterTheOther() {
        Scripted first = new Scripted();
        first.head = (headers, end) -> Next.STOP_AND_BUFFER;
        first.data = (piece, text) -> piece.isEnd() ? Next.CONTINUE : Next.STOP_AND_BUFFER;
        Scripted second = new Scripted();
        second.head = (headers, end) -> Next.STOP_AND_BUFFER;
        second.data = (piece, text) -> Next.STOP_AND_BUFFER;
        through(first, second);
        head(false);
        body("a", false);
        body("b", true);
        assertThat(out).isEmpty();
        flow().resume(1);
        assertThat(out).containsExactly("head", "a", "b.");
    }

    @Test
    void whatIsLetGoStaysInFrontOfWhatCameLater() {
        Scripted first = new Scripted();
        Scripted second = new Scripted();
        second.data = (piece, text) -> text.equals("a") ? Next.STOP_AND_BUFFER : Next.CONTINUE;
        first.data = (piece, text) -> {
            if (text.equals("b")) {
                flow().resume(1);
            }
            return Next.CONTINUE;
        };
        through(first, second);
        head(false);
        body("a", false);
        body("b", true);
        assertThat(out).containsExactly("head", "a", "b.");
    }

    @Test
    void replacesSwallowsAndEndsWithTrailers() {
        Scripted changing = new Scripted();
        changing.data = (piece, text) -> {
            piece.replace(text.equals("a") ? HttpData.empty() : bytes(text + text));
            if (piece.isEnd()) {
                piece.addTrailers().add("t", "1");
            }
            return Next.CONTINUE;
        };
        Scripted after = new Scripted();
        List<String> seen = new ArrayList<>();
        after.data = (piece, text) -> {
            seen.add(text + (piece.isEnd() ? "." : ""));
            return Next.CONTINUE;
        };
        through(changing, after);
        head(false);
        body("a", false);
        body("b", true);
        assertThat(seen).containsExactly("bb");
        assertThat(out).containsExactly("head", "bb", "tail[t]");
    }

    @Test
    void addsABodyToHeadersThatHaveNone() {
        Scripted adding = new Scripted();
        adding.head = (headers, end) -> {
            flow().add(bytes("new"));
            return Next.CONTINUE;
        };
        through(adding, new Scripted());
        head(true);
        assertThat(out).containsExactly("head", "new.");
    }

    @Test
    void addsABodyBeforeTrailers() {
        Scripted adding = new Scripted();
        adding.tail = (exchange, trailers) -> {
            flow().add(bytes("last"));
            return Next.CONTINUE;
        };
        through(adding, new Scripted());
        head(false);
        body("a", false);
        tail("x");
        assertThat(out).containsExactly("head", "a", "last", "tail[x]");
    }

    @Test
    void injectsInItsOwnTime() {
        Scripted slow = new Scripted();
        slow.data = (piece, text) -> {
            piece.replace(HttpData.empty());
            return Next.PAUSE;
        };
        through(slow, new Scripted());
        head(false);
        body("ab", false);
        body("c", true);
        flow().inject(0, bytes("a"), false);
        flow().inject(0, bytes("b"), false);
        assertThat(out).containsExactly("head", "a", "b");
        flow().resume(0);
        flow().inject(0, bytes("c"), false);
        flow().resume(0);
        assertThat(out).containsExactly("head", "a", "b", "c", ".");
    }

    @Test
    void twoFiltersPauseWithoutOvertaking() {
        Scripted first = new Scripted();
        first.data = (piece, text) -> {
            piece.replace(HttpData.empty());
            return Next.PAUSE;
        };
        Scripted second = new Scripted();
        second.data = (piece, text) -> Next.PAUSE;
        through(first, second);
        head(false);
        body("ab", true);
        flow().inject(0, bytes("a"), false);
        flow().inject(0, bytes("b"), false);
        flow().resume(0);
        assertThat(out).containsExactly("head");
        flow().resume(1);
        assertThat(out).containsExactly("head", "a");
        flow().resume(1);
        assertThat(out).containsExactly("head", "a", "b");
        flow().resume(1);
        assertThat(out).containsExactly("head", "a", "b", ".");
    }

    @ParameterizedTest(name = "{0} and {1} bytes: too many {2}")
    @CsvSource({"5, 5, false", "5, 6, true", "11, 0, true"})
    void keepsNoMoreThanTheLimit(int first, int second, boolean tooMany) {
        Scripted keeping = new Scripted();
        keeping.head = (headers, end) -> Next.STOP_AND_BUFFER;
        keeping.data = (piece, text) -> Next.STOP_AND_BUFFER;
        through(keeping);
        head(false);
        body("x".repeat(first), false);
        body("x".repeat(second), false);
        assertThat(flow().overLimit).isEqualTo(tooMany);
    }

    @Test
    void nothingGoesOnOnceItIsDropped() {
        Scripted answering = new Scripted();
        answering.data = (piece, text) -> {
            flow().drop();
            return Next.CONTINUE;
        };
        through(answering);
        head(false);
        body("a", false);
        body("b", true);
        flow().resume(0);
        assertThat(out).containsExactly("head");
    }
}
