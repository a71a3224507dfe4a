package domain.my.lpm.sandbox.cluster.tls;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority that lives as long as a sandbox (RFC 5280, keys on the curve P-256). */
public final class Authority {
    private static final Duration VALIDITY = Duration.ofDays(30);
    private static final Duration CLOCK_DIFFERENCE = Duration.ofMinutes(5);
    private static final int SERIAL_BITS = 127;
    private static final char[] NO_PASSWORD = new char[0];

    private final SecureRandom random = new SecureRandom();
    private final X500Name name;
    private final KeyPair keys;
    private final X509Certificate certificate;

    /** Makes a key and a certificate that it signs itself. */
    public Authority() {
        name = new X500Name("CN=sandbox authority " + Long.toHexString(random.nextLong()));
        keys = newKeys();
        try {
            JcaX509v3CertificateBuilder builder = builder(name, keys);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            certificate = sign(builder);
        } catch (CertIOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /**
     * A key with its certificate.
     *
     * @param certificate signed by the authority
     */
    public record Identity(PrivateKey key, X509Certificate certificate) {
        /** The certificate as PEM. */
        public String certificatePem() {
            return pemOf(certificate);
        }

        /** The key as PEM, in PKCS#8. */
        public String keyPem() {
            try {
                return pemOf(new JcaPKCS8Generator(key, null));
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
        }
    }

    /** The authority's certificate as PEM. */
    public String pem() {
        return pemOf(certificate);
    }

    /**
     * Somebody who serves and calls at loopback: its addresses, {@code localhost}, and as further DNS names {@code commonName} and
     * {@code names}.
     */
    public Identity issue(String commonName, String... names) {
        KeyPair issued = newKeys();
        try {
            JcaX509v3CertificateBuilder builder = builder(new X500Name("CN=" + commonName), issued);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(new KeyPurposeId[] {
                KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
            }));
            Stream<GeneralName> known = Stream.concat(Stream.of(commonName, "localhost"), Stream.of(names))
                    .map(name -> new GeneralName(GeneralName.dNSName, name));
            Stream<GeneralName> addresses =
                    Stream.of("127.0.0.1", "::1").map(address -> new GeneralName(GeneralName.iPAddress, address));
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(Stream.concat(known, addresses).toArray(GeneralName[]::new)));
            return new Identity(issued.getPrivate(), sign(builder));
        } catch (CertIOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** For connections that show {@code identity} and trust this authority alone. */
    public SSLContext context(Identity identity) {
        try {
            KeyStore own = emptyStore();
            own.setKeyEntry("own", identity.key(), NO_PASSWORD, new X509Certificate[] {identity.certificate()});
            KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keyManagers.init(own, NO_PASSWORD);
            KeyStore trusted = emptyStore();
            trusted.setCertificateEntry("authority", certificate);
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers.getKeyManagers(), trust.getTrustManagers(), random);
            return context;
        } catch (GeneralSecurityException | IOException impossible) {
            throw new IllegalStateException("this Java cannot make a TLS context", impossible);
        }
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        return store;
    }

    private JcaX509v3CertificateBuilder builder(X500Name subject, KeyPair of) {
        Instant now = Instant.now();
        return new JcaX509v3CertificateBuilder(
                name,
                new BigInteger(SERIAL_BITS, random).add(BigInteger.ONE),
                Date.from(now.minus(CLOCK_DIFFERENCE)),
                Date.from(now.plus(VALIDITY)),
                subject,
                of.getPublic());
    }

    private X509Certificate sign(JcaX509v3CertificateBuilder builder) {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
        } catch (GeneralSecurityException | OperatorCreationException impossible) {
            throw new IllegalStateException("a certificate cannot be signed", impossible);
        }
    }

    private KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), random);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java makes no keys on the curve P-256", impossible);
        }
    }

    private static String pemOf(Object object) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }
}
