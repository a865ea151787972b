/** Who may do what. */
@NullMarked
package io.sluice.gateway.filter.rbac;

import org.jspecify.annotations.NullMarked;
