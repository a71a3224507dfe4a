/** The node agent on sandbox nodes, called over gRPC. */
@NullMarked
package domain.my.lpm.sandbox.agent;

import org.jspecify.annotations.NullMarked;
