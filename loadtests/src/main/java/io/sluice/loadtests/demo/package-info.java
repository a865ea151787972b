/** {@code ./sluice demo}: everything at once, with example services, showing real answers. */
@NullMarked
package io.sluice.loadtests.demo;

import org.jspecify.annotations.NullMarked;
