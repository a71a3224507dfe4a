/** What is answered to the API server: reviews read and written, and the decision about a pod, without I/O. */
@NullMarked
package domain.my.lpm.webhook.admission;

import org.jspecify.annotations.NullMarked;
