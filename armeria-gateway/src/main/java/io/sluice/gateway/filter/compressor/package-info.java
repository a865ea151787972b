/** Compresses bodies. */
@NullMarked
package io.sluice.gateway.filter.compressor;

import org.jspecify.annotations.NullMarked;
