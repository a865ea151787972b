/** Ports, draining; matches the route, starts the chain compiled for it. */
@NullMarked
package io.sluice.gateway.listener;

import org.jspecify.annotations.NullMarked;
