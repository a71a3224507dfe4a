/** The API server of a sandbox: objects in memory, behind HTTPS. */
@NullMarked
package domain.my.lpm.sandbox.cluster.server;

import org.jspecify.annotations.NullMarked;
