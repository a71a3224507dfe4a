package domain.my.lpm.webhook.certificate;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.util.io.pem.PemObject;

/** Certificates and keys as text (RFC 7468; keys also as OpenSSL's {@code EC PRIVATE KEY} and {@code RSA PRIVATE KEY}). */
final class Pem {
    private Pem() {}

    static String certificates(List<X509Certificate> certificates) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            for (X509Certificate certificate : certificates) {
                writer.writeObject(certificate);
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    static String key(PrivateKey key) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(new PemObject("PRIVATE KEY", key.getEncoded()));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    /**
     * Reads every certificate of {@code text}; what else stands there is passed over.
     *
     * @throws IOException when it is damaged
     */
    static List<X509Certificate> readCertificates(String text) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        JcaX509CertificateConverter converter = new JcaX509CertificateConverter();
        for (Object object : objects(text)) {
            if (object instanceof X509CertificateHolder holder) {
                try {
                    certificates.add(converter.getCertificate(holder));
                } catch (CertificateException damaged) {
                    throw new IOException("a certificate cannot be read: " + damaged.getMessage(), damaged);
                }
            }
        }
        return certificates;
    }

    /**
     * Reads the first private key of {@code text}.
     *
     * @throws IOException when there is none, or it is encrypted, damaged, or neither EC nor RSA nor Ed25519
     */
    static PrivateKey readKey(String text) throws IOException {
        for (Object object : objects(text)) {
            if (object instanceof PEMKeyPair pair) {
                return key(pair.getPrivateKeyInfo());
            }
            if (object instanceof PrivateKeyInfo key) {
                return key(key);
            }
        }
        throw new IOException("there is no unencrypted private key");
    }

    private static PrivateKey key(PrivateKeyInfo info) throws IOException {
        var algorithm = info.getPrivateKeyAlgorithm().getAlgorithm();
        String name;
        if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
            name = "EC";
        } else if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)) {
            name = "RSA";
        } else if (algorithm.equals(EdECObjectIdentifiers.id_Ed25519)) {
            name = "Ed25519";
        } else {
            throw new IOException("the private key is of the algorithm " + algorithm + "; use EC, RSA or Ed25519");
        }
        try {
            return KeyFactory.getInstance(name).generatePrivate(new PKCS8EncodedKeySpec(info.getEncoded()));
        } catch (GeneralSecurityException damaged) {
            throw new IOException("the private key cannot be read: " + damaged.getMessage(), damaged);
        }
    }

    private static List<Object> objects(String text) throws IOException {
        List<Object> objects = new ArrayList<>();
        try (PEMParser parser = new PEMParser(new StringReader(text))) {
            for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
                objects.add(object);
            }
        } catch (RuntimeException damaged) {
            throw new IOException("it is no PEM: " + damaged.getMessage(), damaged);
        }
        return objects;
    }
}
