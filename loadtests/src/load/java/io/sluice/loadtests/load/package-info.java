/** {@code ./sluice load}: users of both data planes at once, with a report to look at. */
@NullMarked
package io.sluice.loadtests.load;

import org.jspecify.annotations.NullMarked;
