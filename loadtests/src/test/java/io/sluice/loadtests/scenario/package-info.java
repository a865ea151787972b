/** What must be true of the whole system, each with its rule; the programs run as processes, packaged as users get them. */
@NullMarked
package io.sluice.loadtests.scenario;

import org.jspecify.annotations.NullMarked;
