/** A migration between two sandbox nodes: what controller and agents do in a cluster, step by step. */
@NullMarked
package domain.my.lpm.sandbox.migration;

import org.jspecify.annotations.NullMarked;
