/** What the process reads at start. */
@NullMarked
package io.sluice.xdsserver.settings;

import org.jspecify.annotations.NullMarked;
