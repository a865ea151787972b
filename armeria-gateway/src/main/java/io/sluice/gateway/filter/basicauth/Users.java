package io.sluice.gateway.filter.basicauth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/** The users of an htpasswd file, with the SHA-1 of their passwords, as Envoy wants them. Names and passwords are bytes, a letter for each. */
final class Users {
    private static final String SHA = "{SHA}";
    private static final int ENCODED_LENGTH = 28;
    private static final byte[] NOBODY = new byte[20];

    private final Map<String, byte[]> digests;

    private Users(Map<String, byte[]> digests) {
        this.digests = Map.copyOf(digests);
    }

    /** @throws IllegalArgumentException saying what is wrong, without any digest */
    static Users parse(String htpasswd) {
        Map<String, byte[]> digests = new HashMap<>();
        String[] lines = htpasswd.split("\n");
        for (int i = 0; i < lines.length; i++) {
            String line = lines[i].endsWith("\r") ? lines[i].substring(0, lines[i].length() - 1) : lines[i];
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            int colon = line.indexOf(':');
            if (colon <= 0 || colon + 1 == line.length()) {
                throw new IllegalArgumentException("line " + (i + 1) + " (expected: name:{SHA}digest)");
            }
            String name =
                    new String(line.substring(0, colon).getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
            if (digests.put(name, digest(line.substring(colon + 1), i + 1)) != null) {
                throw new IllegalArgumentException("line " + (i + 1) + ": a user for the second time");
            }
        }
        return new Users(digests);
    }

    private static byte[] digest(String text, int line) {
        if (text.startsWith(SHA) && text.length() == SHA.length() + ENCODED_LENGTH) {
            try {
                return Base64.getDecoder().decode(text.substring(SHA.length()));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("line " + line + ": not base64", e);
            }
        }
        throw new IllegalArgumentException("line " + line + " (expected: name:{SHA} and 28 letters of base64)");
    }

    /** Takes the same time for a wrong password as for an unknown user. */
    boolean know(String name, String password) {
        byte[] digest = digests.get(name);
        boolean same = MessageDigest.isEqual(sha1(password), digest == null ? NOBODY : digest);
        return same && digest != null;
    }

    private static byte[] sha1(String password) {
        try {
            return MessageDigest.getInstance("SHA-1").digest(password.getBytes(StandardCharsets.ISO_8859_1));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
