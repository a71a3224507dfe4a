package domain.my.lpm.webhook.certificate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RotationTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Set<String> NAMES = Set.of("webhook.lpm-system.svc", "webhook.lpm-system.svc.cluster.local");
    private static final Rotation ROTATION =
            new Rotation(NAMES, Duration.ofDays(90), Duration.ofDays(365), Duration.ofHours(1));

    @Test
    void issuesACertificateThatAClientTakes() throws GeneralSecurityException {
        Credentials made = ROTATION.next(Optional.empty(), START);

        X509Certificate serving = made.serving().certificate();
        X509Certificate authority = made.trusted().get(0);
        serving.verify(authority.getPublicKey());
        assertThat(Rotation.namesOf(serving)).isEqualTo(NAMES);
        assertThat(serving.getBasicConstraints()).as("no authority").isEqualTo(-1);
        assertThat(serving.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
        assertThat(serving.getIssuerX500Principal()).isEqualTo(authority.getSubjectX500Principal());
        assertThat(((ECPublicKey) serving.getPublicKey())
                        .getParams()
                        .getCurve()
                        .getField()
                        .getFieldSize())
                .isEqualTo(256);
        assertThat(authority.getBasicConstraints())
                .as("signs no further authorities")
                .isZero();
        assertThat(made.signer()).map(Identity::certificate).contains(authority);
        assertThat(serving.getNotAfter().toInstant()).isEqualTo(START.plus(Duration.ofDays(90)));
        assertThat(authority.getNotAfter().toInstant()).isEqualTo(START.plus(Duration.ofDays(365)));
    }

    @Test
    void changesNothingBeforeItIsDue() {
        Credentials made = ROTATION.next(Optional.empty(), START);

        assertThat(ROTATION.next(Optional.of(made), START)).isSameAs(made);
        assertThat(ROTATION.next(
                        Optional.of(made), START.plus(Duration.ofDays(60)).minusSeconds(1)))
                .isSameAs(made);
    }

    @Test
    void renewsTheServersCertificateAfterTwoThirds() {
        Credentials made = ROTATION.next(Optional.empty(), START);

        Credentials next = ROTATION.next(Optional.of(made), START.plus(Duration.ofDays(60)));

        assertThat(next.serving().certificate().getNotAfter().toInstant()).isEqualTo(START.plus(Duration.ofDays(150)));
        assertThat(next.serving().key()).isNotEqualTo(made.serving().key());
        assertThat(next.trusted()).isEqualTo(made.trusted());
        assertThat(next.signer()).isEqualTo(made.signer());
    }

    /** Four years, seen by a client that hears of authorities as late as is allowed. */
    @Test
    void isTrustedAtEveryTimeByAClientThatHearsLate() {
        Duration overlap = Duration.ofHours(6);
        Rotation rotation = new Rotation(NAMES, Duration.ofDays(90), Duration.ofDays(365), overlap);
        Deque<List<X509Certificate>> known = new ArrayDeque<>();
        Credentials credentials = rotation.next(Optional.empty(), START);
        known.add(credentials.trusted());
        Set<X509Certificate> served = new HashSet<>();
        Set<X509Certificate> trusted = new HashSet<>();
        for (Instant now = START; now.isBefore(START.plus(Duration.ofDays(1461))); now = now.plus(overlap)) {
            credentials = rotation.next(Optional.of(credentials), now);
            known.add(credentials.trusted());
            X509Certificate serving = credentials.serving().certificate();
            if (served.add(serving)) {
                assertThat(verifies(serving, known.getFirst())).as("at %s", now).isTrue();
            }
            assertThat(Rotation.isValid(serving, now)).as("at %s", now).isTrue();
            assertThat(credentials.trusted()).hasSizeBetween(1, 2).allMatch(authorityIsValidAt(now));
            trusted.addAll(credentials.trusted());
            known.removeFirst();
        }

        assertThat(served).as("a renewal in 60 days").hasSizeBetween(20, 30);
        assertThat(trusted).as("an authority in 9 months").hasSizeBetween(5, 7);
    }

    @Test
    void trustsTheNewAuthorityBeforeItSigns() {
        Instant succession = START.plus(Duration.ofDays(276));
        Rotation lasting = new Rotation(NAMES, Duration.ofDays(364), Duration.ofDays(366), Duration.ofHours(1));
        Credentials old = lasting.next(Optional.empty(), START);

        Credentials next = ROTATION.next(Optional.of(old), succession);

        assertThat(next.trusted()).hasSize(2).endsWith(old.trusted().get(0));
        assertThat(next.serving()).isSameAs(old.serving());
        assertThat(next.signer()).isNotEqualTo(old.signer());

        Instant later = succession.plus(Duration.ofHours(1));
        assertThat(ROTATION.next(Optional.of(next), later.minusSeconds(1))).isSameAs(next);
        Credentials signed = ROTATION.next(Optional.of(next), later);
        assertThat(verifies(signed.serving().certificate(), next.trusted().subList(0, 1)))
                .isTrue();
    }

    @Test
    void startsAnewWhenNobodyRenewedInTime() {
        Credentials made = ROTATION.next(Optional.empty(), START);

        Credentials afterThreeMonths = ROTATION.next(Optional.of(made), START.plus(Duration.ofDays(90)));
        assertThat(afterThreeMonths.signer()).isEqualTo(made.signer());
        assertThat(afterThreeMonths.serving()).isNotEqualTo(made.serving());

        Credentials afterTwoYears = ROTATION.next(Optional.of(made), START.plus(Duration.ofDays(730)));
        assertThat(afterTwoYears.trusted())
                .singleElement()
                .isEqualTo(afterTwoYears.signer().orElseThrow().certificate())
                .isNotEqualTo(made.trusted().get(0));
    }

    @Test
    void issuesForOtherNamesAtOnce() {
        Credentials made = ROTATION.next(Optional.empty(), START);
        Rotation renamed = new Rotation(
                Set.of("other.lpm-system.svc"), Duration.ofDays(90), Duration.ofDays(365), Duration.ofHours(1));

        Credentials next = renamed.next(Optional.of(made), START.plusSeconds(1));

        assertThat(Rotation.namesOf(next.serving().certificate())).containsExactly("other.lpm-system.svc");
        assertThat(next.trusted()).isEqualTo(made.trusted());
    }

    @Test
    void succeedsAnAuthorityThatIsNotItsOwnWithoutBreakingIt() {
        Credentials made = ROTATION.next(Optional.empty(), START);
        Credentials foreign = new Credentials(made.serving(), made.trusted(), Optional.empty());

        Credentials next = ROTATION.next(Optional.of(foreign), START.plusSeconds(1));

        assertThat(next.serving()).isSameAs(made.serving());
        assertThat(next.trusted()).hasSize(2).contains(made.trusted().get(0));
        assertThat(next.signer()).isPresent();
    }

    @Test
    void startsAnewWhenTheCertificateIsNotOfATrustedAuthority() {
        Credentials made = ROTATION.next(Optional.empty(), START);
        Credentials other = ROTATION.next(Optional.empty(), START);
        Credentials mixed = new Credentials(made.serving(), other.trusted(), other.signer());

        Credentials next = ROTATION.next(Optional.of(mixed), START);

        assertThat(verifies(next.serving().certificate(), other.trusted())).isTrue();
        assertThat(next.signer()).isEqualTo(other.signer());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            P90D | P365D | PT0S  | the overlap of authorities must be longer than nothing
            P3D  | P365D | PT25H | the overlap of authorities, PT25H, is more than a third of the validity of the server's certificate, PT72H; shorten the first or lengthen the second
            P90D | P90D  | PT1H  | the validity of the authority, PT2160H, must be longer than that of the server's certificate and the overlap, PT2161H; lengthen it
            """)
    void refusesWhatCannotWork(Duration serving, Duration authority, Duration overlap, String message) {
        assertThatThrownBy(() -> new Rotation(NAMES, serving, authority, overlap))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void needsAName() {
        assertThatThrownBy(() -> new Rotation(Set.of(), Duration.ofDays(90), Duration.ofDays(365), Duration.ofHours(1)))
                .hasMessage("there is no DNS name to issue a certificate for; give one at least");
    }

    private static Predicate<X509Certificate> authorityIsValidAt(Instant now) {
        return authority -> Rotation.isValid(authority, now);
    }

    private static boolean verifies(X509Certificate serving, List<X509Certificate> authorities) {
        return authorities.stream().anyMatch(authority -> {
            try {
                serving.verify(authority.getPublicKey());
                return true;
            } catch (GeneralSecurityException other) {
                return false;
            }
        });
    }
}
