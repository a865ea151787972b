/** What the process reads at start. */
@NullMarked
package io.sluice.gateway.settings;

import org.jspecify.annotations.NullMarked;
