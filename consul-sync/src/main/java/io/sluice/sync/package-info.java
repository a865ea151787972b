/** The one list of catalog sources. */
@NullMarked
package io.sluice.sync;

import org.jspecify.annotations.NullMarked;
