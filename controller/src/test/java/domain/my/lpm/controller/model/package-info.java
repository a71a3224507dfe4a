/** A model of the hand-over: the real handlers of the phases between edges of which every order of events is tried. */
@NullMarked
package domain.my.lpm.controller.model;

import org.jspecify.annotations.NullMarked;
