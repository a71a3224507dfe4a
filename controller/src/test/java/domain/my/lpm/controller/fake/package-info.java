/** A cluster and its agents for tests: written by hand, with switches for failures. */
@NullMarked
package domain.my.lpm.controller.fake;

import org.jspecify.annotations.NullMarked;
