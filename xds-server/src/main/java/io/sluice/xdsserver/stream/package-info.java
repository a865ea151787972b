/** The gRPC server: who acknowledged what, who refused it and why. */
@NullMarked
package io.sluice.xdsserver.stream;

import org.jspecify.annotations.NullMarked;
