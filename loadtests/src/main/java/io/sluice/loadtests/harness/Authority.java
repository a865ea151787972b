package io.sluice.loadtests.harness;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A certificate authority: issues certificates and says which of them hold no more. */
public final class Authority {
    private static final AtomicInteger SERIALS = new AtomicInteger(1000);
    private static final Duration LIFE = Duration.ofDays(30);
    private static final int RSA_BITS = 2048;

    private static final String COMMON_NAME = "2.5.4.3";
    private static final String ORGANIZATION = "2.5.4.10";
    private static final String UNIT = "2.5.4.11";
    private static final String SERVER_USE = "1.3.6.1.5.5.7.3.1";
    private static final String CLIENT_USE = "1.3.6.1.5.5.7.3.2";

    private final Identity self;
    private final byte[] name;
    /** Those between the root and this one, which callers must send along. */
    private final List<X509Certificate> between;

    private Authority(Identity self, byte[] name, List<X509Certificate> between) {
        this.self = self;
        this.name = name;
        this.between = between;
    }

    public static Authority root(String name) {
        byte[] subject = subject(name);
        KeyPair keys = keys(false);
        X509Certificate certificate = sign(
                subject, keys.getPrivate(), subject, keys, Instant.now().minus(Duration.ofDays(1)), LIFE, authority());
        return new Authority(new Identity(name, List.of(certificate), keys.getPrivate()), subject, List.of());
    }

    public Identity self() {
        return self;
    }

    /** An authority that this one vouches for. */
    public Authority intermediate(String itsName) {
        byte[] subject = subject(itsName);
        KeyPair keys = keys(false);
        X509Certificate certificate =
                sign(name, self.key(), subject, keys, Instant.now().minus(Duration.ofDays(1)), LIFE, authority());
        List<X509Certificate> chain = new ArrayList<>(List.of(certificate));
        chain.addAll(between);
        return new Authority(new Identity(itsName, List.of(certificate), keys.getPrivate()), subject, chain);
    }

    public Request issue(String itsName) {
        return new Request(itsName);
    }

    /** A revocation list. @param revoked whose certificates hold no more */
    public String revoke(Identity... revoked) {
        List<byte[]> entries = new ArrayList<>();
        for (Identity each : revoked) {
            entries.add(Der.sequence(
                    Der.integer(each.certificate().getSerialNumber()),
                    Der.time(Instant.now().minus(Duration.ofHours(1)))));
        }
        List<byte[]> fields = new ArrayList<>(List.of(
                Der.integer(BigInteger.ONE),
                algorithm(self.key()),
                name,
                Der.time(Instant.now().minus(Duration.ofHours(1))),
                Der.time(Instant.now().plus(LIFE))));
        if (!entries.isEmpty()) {
            fields.add(Der.sequence(entries));
        }
        byte[] number = extension("2.5.29.20", false, Der.integer(BigInteger.ONE));
        fields.add(Der.tagged(0, Der.sequence(number)));
        return Identity.pem("X509 CRL", signed(Der.sequence(fields), self.key()));
    }

    /** What a certificate shall say. Both uses, and no other name than its common one, where nothing else is asked for. */
    public final class Request {
        private final String commonName;
        private final List<byte[]> names = new ArrayList<>();
        private List<String> uses = List.of(SERVER_USE, CLIENT_USE);
        private Instant from = Instant.now().minus(Duration.ofDays(1));
        private Duration life = LIFE;
        private boolean rsa;

        private Request(String commonName) {
            this.commonName = commonName;
        }

        public Request dns(String... dns) {
            for (String each : dns) {
                names.add(Der.implicit(2, each.getBytes(StandardCharsets.US_ASCII)));
            }
            return this;
        }

        public Request uri(String uri) {
            names.add(Der.implicit(6, uri.getBytes(StandardCharsets.US_ASCII)));
            return this;
        }

        public Request email(String email) {
            names.add(Der.implicit(1, email.getBytes(StandardCharsets.US_ASCII)));
            return this;
        }

        public Request ip(String ip) {
            try {
                names.add(Der.implicit(7, InetAddress.getByName(ip).getAddress()));
            } catch (UnknownHostException e) {
                throw new IllegalArgumentException(ip, e);
            }
            return this;
        }

        public Request rsa() {
            rsa = true;
            return this;
        }

        public Request onlyForServers() {
            uses = List.of(SERVER_USE);
            return this;
        }

        public Request onlyForClients() {
            uses = List.of(CLIENT_USE);
            return this;
        }

        /** Began and ended before now. */
        public Request expired() {
            from = Instant.now().minus(Duration.ofDays(20));
            life = Duration.ofDays(10);
            return this;
        }

        /** Begins later. */
        public Request notYet() {
            from = Instant.now().plus(Duration.ofDays(1));
            return this;
        }

        public Identity signed() {
            List<byte[]> extensions = new ArrayList<>();
            extensions.add(extension("2.5.29.15", true, Der.bits(7, new byte[] {(byte) 0x80})));
            extensions.add(extension(
                    "2.5.29.37", false, Der.sequence(uses.stream().map(Der::oid).toList())));
            if (!names.isEmpty()) {
                extensions.add(extension("2.5.29.17", false, Der.sequence(names)));
            }
            KeyPair keys = keys(rsa);
            List<X509Certificate> chain = new ArrayList<>();
            chain.add(sign(
                    Authority.this.name, self.key(), subject(commonName), keys, from, life, Der.sequence(extensions)));
            chain.addAll(between);
            return new Identity(commonName, chain, keys.getPrivate());
        }
    }

    private static byte[] authority() {
        return Der.sequence(
                extension("2.5.29.19", true, Der.sequence(Der.truth())),
                extension("2.5.29.15", true, Der.bits(1, new byte[] {0x06})));
    }

    private static byte[] extension(String oid, boolean critical, byte[] content) {
        return critical
                ? Der.sequence(Der.oid(oid), Der.truth(), Der.octets(content))
                : Der.sequence(Der.oid(oid), Der.octets(content));
    }

    private static byte[] subject(String commonName) {
        return Der.sequence(
                Der.set(Der.sequence(Der.oid(ORGANIZATION), Der.text("Sluice, Inc"))),
                Der.set(Der.sequence(Der.oid(UNIT), Der.text("same"))),
                Der.set(Der.sequence(Der.oid(COMMON_NAME), Der.text(commonName))));
    }

    private static X509Certificate sign(
            byte[] issuer,
            PrivateKey issuerKey,
            byte[] subject,
            KeyPair keys,
            Instant from,
            Duration life,
            byte[] extensions) {
        byte[] content = Der.sequence(
                Der.tagged(0, Der.integer(BigInteger.TWO)),
                Der.integer(BigInteger.valueOf(SERIALS.incrementAndGet())),
                algorithm(issuerKey),
                issuer,
                Der.sequence(Der.time(from), Der.time(from.plus(life))),
                subject,
                keys.getPublic().getEncoded(),
                Der.tagged(3, extensions));
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(signed(content, issuerKey)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] signed(byte[] content, PrivateKey key) {
        try {
            Signature signature = Signature.getInstance(isRsa(key) ? "SHA256withRSA" : "SHA256withECDSA");
            signature.initSign(key);
            signature.update(content);
            return Der.sequence(content, algorithm(key), Der.bits(0, signature.sign()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isRsa(PrivateKey key) {
        return key.getAlgorithm().equals("RSA");
    }

    private static byte[] algorithm(PrivateKey key) {
        return isRsa(key)
                ? Der.sequence(Der.oid("1.2.840.113549.1.1.11"), Der.nothing())
                : Der.sequence(Der.oid("1.2.840.10045.4.3.2"));
    }

    private static KeyPair keys(boolean rsa) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(rsa ? "RSA" : "EC");
            if (rsa) {
                generator.initialize(RSA_BITS);
            } else {
                generator.initialize(new ECGenParameterSpec("secp256r1"));
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
