/** The controller: reconciles the custom resources; its command line and its entry as a library. */
@NullMarked
package domain.my.lpm.controller;

import org.jspecify.annotations.NullMarked;
