/** The wiring of the program, in the order of the flow; the one list of filters. */
@NullMarked
package io.sluice.gateway;

import org.jspecify.annotations.NullMarked;
