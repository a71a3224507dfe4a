/** What the webhook counts and measures. */
@NullMarked
package domain.my.lpm.webhook.metrics;

import org.jspecify.annotations.NullMarked;
