/** Pure functions from a catalog to Envoy resources. */
@NullMarked
package io.sluice.xdsserver.translate;

import org.jspecify.annotations.NullMarked;
