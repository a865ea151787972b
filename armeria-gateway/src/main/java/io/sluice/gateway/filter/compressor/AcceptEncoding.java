package io.sluice.gateway.filter.compressor;

import com.google.common.base.Ascii;

/** What a caller says of encodings. Source: Envoy, {@code compressor_filter.cc}, chooseEncoding. */
final class AcceptEncoding {
    private AcceptEncoding() {}

    /** Whether a caller would rather have gzip than the body as it is. */
    static boolean prefersGzip(String header) {
        double gzip = -1;
        double identity = -1;
        double any = -1;
        for (String item : header.split(",")) {
            String[] words = item.split(";", -1);
            double quality = 1;
            for (int i = 1; i < words.length; i++) {
                String word = Ascii.toLowerCase(words[i].strip());
                if (word.startsWith("q=")) {
                    try {
                        quality = Double.parseDouble(word.substring(2));
                    } catch (NumberFormatException e) {
                        return false;
                    }
                }
            }
            switch (Ascii.toLowerCase(words[0].strip())) {
                case "gzip" -> gzip = quality;
                case "identity" -> identity = quality;
                case "*" -> any = quality;
                default -> {}
            }
        }
        double wanted = gzip < 0 ? any : gzip;
        return wanted > 0 && wanted >= identity;
    }
}
