/** Catalogs out of a Consul agent, by blocking queries. */
@NullMarked
package io.sluice.sync.consul;

import org.jspecify.annotations.NullMarked;
