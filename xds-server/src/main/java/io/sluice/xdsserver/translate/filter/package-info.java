/** What each HTTP filter needs in the chain and in the routes; {@link io.sluice.xdsserver.translate.filter.HttpFilterOrder} is the one ordered list. */
@NullMarked
package io.sluice.xdsserver.translate.filter;

import org.jspecify.annotations.NullMarked;
