/** What stands in the way of a migration, from the objects alone: the same answer at admission and in the controller. */
@NullMarked
package domain.my.lpm.api.validation;

import org.jspecify.annotations.NullMarked;
