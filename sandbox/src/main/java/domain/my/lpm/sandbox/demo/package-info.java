/** The demonstration: a running pod moves between two nodes of one machine, and proves that it went on. */
@NullMarked
package domain.my.lpm.sandbox.demo;

import org.jspecify.annotations.NullMarked;
