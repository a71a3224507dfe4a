/** Kills, stops and cuts off everybody who takes part in a migration, at every step of it, and looks at what the application did. */
@NullMarked
package domain.my.lpm.sandbox.fault;

import org.jspecify.annotations.NullMarked;
