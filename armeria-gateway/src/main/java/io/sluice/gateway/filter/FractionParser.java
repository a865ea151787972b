package io.sluice.gateway.filter;

import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import io.sluice.gateway.route.RouteMatch.Fraction;

/** Reads percentages. There is no runtime, so defaults hold, as in an Envoy without one. */
public final class FractionParser {
    public static final Fraction NEVER = new Fraction(0, 100);
    public static final Fraction ALWAYS = new Fraction(100, 100);

    private FractionParser() {}

    public static Fraction parse(RuntimeFractionalPercent percent) {
        return parse(percent.getDefaultValue());
    }

    public static Fraction parse(FractionalPercent percent) {
        long denominator = switch (percent.getDenominator()) {
            case HUNDRED, UNRECOGNIZED -> 100;
            case TEN_THOUSAND -> 10_000;
            case MILLION -> 1_000_000;
        };
        return new Fraction(Integer.toUnsignedLong(percent.getNumerator()), denominator);
    }
}
