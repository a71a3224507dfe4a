/** The acts of the controller at its edges, announced so that faults can be injected at each side of them. */
@NullMarked
package domain.my.lpm.controller.step;

import org.jspecify.annotations.NullMarked;
