package io.sluice.xdsserver.stream;

import io.sluice.xdsserver.snapshot.Snapshot;
import java.util.List;
import java.util.Optional;

/** How a script reaches the server: a state machine in the same thread, or a gRPC call over loopback. */
interface Link<Q, R> {
    void send(Q request);

    /** The next response; waits for it where it has to travel. Empty when there is none. */
    Optional<R> next();

    /** Everything that is still on its way, once the server has taken all requests. */
    List<R> rest();

    void publish(Snapshot snapshot);

    /** Some time has passed since the stream began. */
    void grow();

    /** What {@code /clients} shows of the types. */
    List<Client.Subscribed> view();

    /** The client ends the call. */
    void cancel();
}
