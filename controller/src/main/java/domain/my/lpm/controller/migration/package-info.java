/** PodMigrations: the hand-over of a running pod from one node to another, exactly once. */
@NullMarked
package domain.my.lpm.controller.migration;

import org.jspecify.annotations.NullMarked;
