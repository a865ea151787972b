/** The wiring of the program, in the order of the flow. */
@NullMarked
package io.sluice.xdsserver;

import org.jspecify.annotations.NullMarked;
