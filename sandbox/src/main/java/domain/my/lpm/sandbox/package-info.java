/** Nodes on one machine that run pods with the real runc and CRIU. */
@NullMarked
package domain.my.lpm.sandbox;

import org.jspecify.annotations.NullMarked;
