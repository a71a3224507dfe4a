/** What only the emulated machine of vm/ can test: shared storage on a network file system. */
@NullMarked
package domain.my.lpm.sandbox.vm;

import org.jspecify.annotations.NullMarked;
