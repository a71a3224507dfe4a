/** The rewrite of pods that ask for self-restore. */
@NullMarked
package domain.my.lpm.webhook;

import org.jspecify.annotations.NullMarked;
