/** The agent's calls over gRPC with mutual TLS, and its health. */
@NullMarked
package domain.my.lpm.agent.server;

import org.jspecify.annotations.NullMarked;
