package io.sluice.sync;

import io.sluice.sync.model.Health;

/** What a source looks at, in words that mean the same for every source. */
interface World extends AutoCloseable {

    /** The address for {@link CatalogSources#create}. */
    String address();

    /** Says which instances a service has now; those not named are gone. */
    void service(String name, Member... members);

    /** Says which routes there are now, as the lines under {@code routes:}. */
    void routes(String lines);

    /** How a problem names the document of the routes. */
    String routesDocument();

    /** The source can read nothing until it is back; {@link #back} may have forgotten everything. */
    void away();

    void back();

    @Override
    void close();

    /** An instance on 127.0.0.1, good or bad. */
    record Member(int port, int weight, Health health) {
        static Member on(int port) {
            return new Member(port, 1, Health.PASSING);
        }
    }
}
