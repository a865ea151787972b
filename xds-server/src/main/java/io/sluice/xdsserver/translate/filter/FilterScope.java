package io.sluice.xdsserver.translate.filter;

/**
 * What a filter's translation depends on beside the route.
 *
 * @param ownLimiter whether the nodes may have a limiter of their own, which gateways can and Envoys cannot
 * @param limitService whether a rate limit service is known that the nodes can ask
 */
public record FilterScope(boolean ownLimiter, boolean limitService) {}
