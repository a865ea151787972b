/** Where catalogs come from. */
@NullMarked
package io.sluice.sync.source;

import org.jspecify.annotations.NullMarked;
