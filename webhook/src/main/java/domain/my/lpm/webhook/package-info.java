/** The admission webhook: its command line. */
@NullMarked
package domain.my.lpm.webhook;

import org.jspecify.annotations.NullMarked;
