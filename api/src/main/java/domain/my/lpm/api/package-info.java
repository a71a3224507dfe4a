/** The names users meet: annotations, labels and condition reasons. */
@NullMarked
package domain.my.lpm.api;

import org.jspecify.annotations.NullMarked;
