/** Asks a service of its own whether a request may go on. */
@NullMarked
package io.sluice.gateway.filter.extauthz;

import org.jspecify.annotations.NullMarked;
