package domain.my.lpm.sandbox.agent;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority of a test's own, and the certificates it gives out, as PEM files in a directory. */
final class Certificates {
    private static final X500Name AUTHORITY = new X500Name("CN=authority");

    private final Path directory;
    private final KeyPair authority;
    private int serial = 1;

    Certificates(Path directory) throws GeneralSecurityException, IOException, OperatorCreationException {
        this.directory = Files.createDirectories(directory);
        this.authority = pair();
        write("ca", authority, AUTHORITY, "");
    }

    Path authorities() {
        return directory.resolve("ca.pem");
    }

    Path certificate(String name) {
        return directory.resolve(name + ".pem");
    }

    Path key(String name) {
        return directory.resolve(name + ".key");
    }

    /** A certificate whose DNS name and common name is {@code name}. */
    void issue(String name) throws GeneralSecurityException, IOException, OperatorCreationException {
        write(name, pair(), new X500Name("CN=" + name), name);
    }

    private static KeyPair pair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        return generator.generateKeyPair();
    }

    private void write(String file, KeyPair pair, X500Name subject, String dnsName)
            throws IOException, GeneralSecurityException, OperatorCreationException {
        Instant now = Instant.now();
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                AUTHORITY,
                BigInteger.valueOf(serial++),
                Date.from(now.minus(Duration.ofHours(1))),
                Date.from(now.plus(Duration.ofDays(1))),
                subject,
                pair.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(dnsName.isEmpty()));
        if (!dnsName.isEmpty()) {
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(new GeneralName(GeneralName.dNSName, dnsName)));
        }
        byte[] encoded = new JcaX509CertificateConverter()
                .getCertificate(
                        builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(authority.getPrivate())))
                .getEncoded();
        Files.writeString(directory.resolve(file + ".pem"), pem("CERTIFICATE", encoded));
        Files.writeString(
                directory.resolve(file + ".key"),
                pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    }

    private static String pem(String type, byte[] bytes) {
        StringWriter text = new StringWriter();
        text.write("-----BEGIN " + type + "-----\n");
        text.write(Base64.getMimeEncoder(64, "\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                .encodeToString(bytes));
        text.write("\n-----END " + type + "-----\n");
        return text.toString();
    }
}
