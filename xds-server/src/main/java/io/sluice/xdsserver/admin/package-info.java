/** Pages for probes, scrapers and people. */
@NullMarked
package io.sluice.xdsserver.admin;

import org.jspecify.annotations.NullMarked;
