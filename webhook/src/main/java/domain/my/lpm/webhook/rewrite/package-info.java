/** The rewrite of a pod that is to be migrated, as a pure function of the pod and the settings. */
@NullMarked
package domain.my.lpm.webhook.rewrite;

import org.jspecify.annotations.NullMarked;
