/**
 * Programs as processes, the real parts beside them, raw clients before them and recording upstreams behind them. Everything listens on
 * 127.0.0.1 and ends with the JVM that started it.
 */
@NullMarked
package io.sluice.loadtests.harness;

import org.jspecify.annotations.NullMarked;
