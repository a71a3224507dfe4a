/** The HTTPS server that the API server calls. */
@NullMarked
package domain.my.lpm.webhook.server;

import org.jspecify.annotations.NullMarked;
