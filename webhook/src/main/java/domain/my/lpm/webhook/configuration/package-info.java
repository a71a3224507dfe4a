/** What tells the API server when to call the webhook. */
@NullMarked
package domain.my.lpm.webhook.configuration;

import org.jspecify.annotations.NullMarked;
