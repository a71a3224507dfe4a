/** The certificates of the webhook: issued, renewed before they expire, stored, and taken up while the server runs. */
@NullMarked
package domain.my.lpm.webhook.certificate;

import org.jspecify.annotations.NullMarked;
