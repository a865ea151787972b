/** What a catalog says, as plain immutable values. */
@NullMarked
package io.sluice.sync.model;

import org.jspecify.annotations.NullMarked;
