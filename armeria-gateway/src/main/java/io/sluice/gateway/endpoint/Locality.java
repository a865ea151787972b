package io.sluice.gateway.endpoint;

/** Where an endpoint stands; each part is empty when not said. */
public record Locality(String region, String zone, String subZone) {
    public static final Locality NONE = new Locality("", "", "");
}
