package io.sluice.xdsserver.stream;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Who is connected. Any thread may ask; each stream answers on its own event loop. */
public final class Clients {
    private final Set<AdsCall<?, ?>> calls = ConcurrentHashMap.newKeySet();

    /** All clients by node id, then peer. Streams that end meanwhile are left out. Completes on an event loop. */
    public CompletableFuture<List<Client>> list() {
        List<CompletableFuture<Optional<Client>>> answers =
                calls.stream().map(AdsCall::client).toList();
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .thenApply(done -> answers.stream()
                        .flatMap(answer -> answer.join().stream())
                        .sorted(Comparator.comparing(Client::nodeId).thenComparing(Client::peer))
                        .toList());
    }

    /** How many streams are open. */
    public int count() {
        return calls.size();
    }

    void add(AdsCall<?, ?> call) {
        calls.add(call);
    }

    void remove(AdsCall<?, ?> call) {
        calls.remove(call);
    }
}
