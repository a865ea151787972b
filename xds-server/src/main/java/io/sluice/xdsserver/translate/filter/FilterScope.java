package io.sluice.xdsserver.translate.filter;

import io.sluice.sync.model.TokenProvider;
import java.util.List;

/**
 * What a filter's translation depends on beside the route.
 *
 * @param ownLimiter whether the nodes may have a limiter of their own, which gateways can and Envoys cannot
 * @param limitService whether a rate limit service is known that the nodes can ask
 * @param providers whose tokens routes may ask for
 */
public record FilterScope(boolean ownLimiter, boolean limitService, List<TokenProvider> providers) {
    public FilterScope {
        providers = List.copyOf(providers);
    }
}
