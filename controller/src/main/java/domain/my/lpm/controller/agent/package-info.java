/** Calls of the agents of the nodes: their client, and the ledger of calls in flight. */
@NullMarked
package domain.my.lpm.controller.agent;

import org.jspecify.annotations.NullMarked;
