package domain.my.lpm.webhook.certificate;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes keys on the curve P-256 and certificates for them (RFC 5280). */
final class Issuer {
    /** Certificates count from before their making, since clocks of a cluster's machines differ. */
    static final Duration CLOCK_DIFFERENCE = Duration.ofMinutes(5);

    private static final String NAME = "CN=live-pod-migration webhook";
    private static final int SERIAL_BITS = 127;

    private final SecureRandom random;

    Issuer(SecureRandom random) {
        this.random = random;
    }

    /** An authority that signs servers' certificates and no further authorities. */
    Identity authority(Instant now, Duration validity) {
        KeyPair keys = keys();
        BigInteger serial = serial();
        // Clients find an authority by its name, so two that overlap must not share one; a common name has at most 64
        // letters.
        X500Name name = new X500Name(NAME + " authority " + Long.toHexString(serial.longValue()));
        JcaX509v3CertificateBuilder certificate = new JcaX509v3CertificateBuilder(
                name, serial, start(now), Date.from(now.plus(validity)), name, keys.getPublic());
        try {
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            certificate.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            certificate.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            certificate.addExtension(
                    Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(keys.getPublic()));
        } catch (GeneralSecurityException | CertIOException impossible) {
            throw new IllegalStateException("the authority's certificate cannot be made", impossible);
        }
        return new Identity(keys.getPrivate(), List.of(sign(certificate, keys)));
    }

    /** A server's identity for {@code dnsNames}, signed by {@code authority}. */
    Identity server(Identity authority, Set<String> dnsNames, Instant now, Duration validity) {
        KeyPair keys = keys();
        JcaX509v3CertificateBuilder certificate = new JcaX509v3CertificateBuilder(
                X500Name.getInstance(
                        authority.certificate().getSubjectX500Principal().getEncoded()),
                serial(),
                start(now),
                Date.from(now.plus(validity)),
                new X500Name(NAME),
                keys.getPublic());
        GeneralName[] names = dnsNames.stream()
                .sorted()
                .map(name -> new GeneralName(GeneralName.dNSName, name))
                .toArray(GeneralName[]::new);
        try {
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            certificate.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            certificate.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            certificate.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            certificate.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
            certificate.addExtension(
                    Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(keys.getPublic()));
            certificate.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    extensions.createAuthorityKeyIdentifier(
                            authority.certificate().getPublicKey()));
        } catch (GeneralSecurityException | CertIOException impossible) {
            throw new IllegalStateException("the server's certificate cannot be made", impossible);
        }
        return new Identity(
                keys.getPrivate(),
                List.of(sign(certificate, new KeyPair(authority.certificate().getPublicKey(), authority.key()))));
    }

    private static Date start(Instant now) {
        return Date.from(now.minus(CLOCK_DIFFERENCE));
    }

    private BigInteger serial() {
        return new BigInteger(SERIAL_BITS, random).add(BigInteger.ONE);
    }

    private KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), random);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java makes no keys on the curve P-256", impossible);
        }
    }

    private static X509Certificate sign(X509v3CertificateBuilder certificate, KeyPair signer) {
        try {
            X509Certificate signed = new JcaX509CertificateConverter()
                    .getCertificate(certificate.build(
                            new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate())));
            signed.verify(signer.getPublic());
            return signed;
        } catch (GeneralSecurityException | OperatorCreationException failed) {
            throw new IllegalStateException(
                    "a certificate cannot be signed: " + failed.getMessage() + "; is the signer's key an EC key?",
                    failed);
        }
    }
}
