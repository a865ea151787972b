package io.sluice.xdsserver.translate.filter;

/** Why nodes cannot obey a route, and what would have been right. A route without one of its filters may be a door without its lock. */
public record Refusal(String reason, String expected) {}
