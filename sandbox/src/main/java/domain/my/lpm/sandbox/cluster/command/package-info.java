/** The commands that keep a cluster up, and those that work on it. */
@NullMarked
package domain.my.lpm.sandbox.cluster.command;

import org.jspecify.annotations.NullMarked;
