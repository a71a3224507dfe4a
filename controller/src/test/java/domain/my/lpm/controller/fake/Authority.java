package domain.my.lpm.controller.fake;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Issues certificates. */
public final class Authority {
    private static final AtomicLong SERIAL = new AtomicLong(1);

    private final X500Name name;
    private final KeyPair keys;
    private final X509Certificate certificate;

    /** An authority of this name. */
    public Authority(String name) {
        this.name = new X500Name("CN=" + name);
        keys = keyPair();
        certificate = sign(this.name, keys, keys.getPrivate(), true);
    }

    /**
     * What was issued, in PEM.
     *
     * @param key in PKCS#8
     */
    public record Issued(String certificate, String key) {}

    /** Its own certificate, in PEM. */
    public String certificate() {
        return pem(certificate);
    }

    /** A certificate for a host, for both sides of a connection. */
    public Issued issue(String host) {
        KeyPair pair = keyPair();
        X509Certificate issued = sign(new X500Name("CN=" + host), pair, keys.getPrivate(), false);
        try {
            return new Issued(pem(issued), pem(new JcaPKCS8Generator(pair.getPrivate(), null)));
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private X509Certificate sign(X500Name subject, KeyPair pair, PrivateKey signer, boolean authority) {
        Instant now = Instant.now();
        try {
            X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                            name,
                            BigInteger.valueOf(SERIAL.incrementAndGet()),
                            Date.from(now.minus(Duration.ofMinutes(1))),
                            Date.from(now.plus(Duration.ofHours(1))),
                            subject,
                            pair.getPublic())
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            if (!authority) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(
                                GeneralName.dNSName, subject.toString().substring("CN=".length()))));
            }
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer)));
        } catch (IOException | OperatorCreationException | GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static KeyPair keyPair() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static String pem(Object object) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
        return text.toString();
    }
}
