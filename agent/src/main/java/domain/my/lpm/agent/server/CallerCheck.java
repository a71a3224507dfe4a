package domain.my.lpm.agent.server;

import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.security.cert.Certificate;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** Lets only callers in whose certificate, which TLS has verified, has one of the names given. */
final class CallerCheck implements ServerInterceptor {
    /** Kinds of subject alternative names, RFC 5280, 4.2.1.6. */
    private static final Set<Integer> DNS_AND_URI = Set.of(2, 6);

    private final Set<String> callers;

    CallerCheck(Set<String> callers) {
        this.callers = callers;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        List<String> names = names(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
        if (names.stream().noneMatch(callers::contains)) {
            call.close(
                    Status.PERMISSION_DENIED.withDescription("the caller's certificate is for " + names
                            + " and not for one of " + callers + "; use the controller's certificate"),
                    new Metadata());
            return new ServerCall.Listener<>() {};
        }
        return next.startCall(call, headers);
    }

    private static List<String> names(SSLSession session) {
        List<String> names = new ArrayList<>();
        if (session == null) {
            return names;
        }
        try {
            Certificate[] chain = session.getPeerCertificates();
            if (chain.length > 0 && chain[0] instanceof X509Certificate certificate) {
                Collection<List<?>> others = certificate.getSubjectAlternativeNames();
                if (others != null) {
                    others.stream()
                            .filter(name -> name.get(0) instanceof Integer kind && DNS_AND_URI.contains(kind))
                            .forEach(name -> names.add(String.valueOf(name.get(1))));
                }
                for (Rdn part :
                        new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                    if (part.getType().equalsIgnoreCase("CN")) {
                        names.add(String.valueOf(part.getValue()));
                    }
                }
            }
        } catch (SSLPeerUnverifiedException | CertificateParsingException | InvalidNameException nameless) {
            return names;
        }
        return names;
    }
}
