/** The stream to the xDS server: subscribe, acknowledge, refuse. */
@NullMarked
package io.sluice.gateway.xds;

import org.jspecify.annotations.NullMarked;
