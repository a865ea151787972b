/** A gateway's data plane and raw peers on both of its sides. */
@NullMarked
package io.sluice.gateway.rig;

import org.jspecify.annotations.NullMarked;
