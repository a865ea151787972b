@NullMarked
package io.sluice.loadtests;

import org.jspecify.annotations.NullMarked;
