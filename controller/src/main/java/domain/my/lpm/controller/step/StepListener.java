package domain.my.lpm.controller.step;

/**
 * Is told of every act at an edge. An exception thrown by {@link #before} prevents the act, one thrown by {@link #after} loses
 * its result, as a crash at this point does. What the controller does must not depend on the listener otherwise.
 */
public interface StepListener {
    /** Listens to nothing. */
    StepListener NONE = new StepListener() {};

    /** The act is about to begin. */
    default void before(Step step) {}

    /** The act has been done, or has failed. */
    default void after(Step step) {}
}
