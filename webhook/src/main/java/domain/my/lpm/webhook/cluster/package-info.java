/** What the webhook reads from the API server. */
@NullMarked
package domain.my.lpm.webhook.cluster;

import org.jspecify.annotations.NullMarked;
