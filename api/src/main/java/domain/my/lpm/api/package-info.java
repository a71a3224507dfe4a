/** The names users meet: annotations, labels, finalizers, conditions, and the formats and names of objects. */
@NullMarked
package domain.my.lpm.api;

import org.jspecify.annotations.NullMarked;
