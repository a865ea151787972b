/** gRPC for browsers. */
@NullMarked
package io.sluice.gateway.filter.grpcweb;

import org.jspecify.annotations.NullMarked;
