package domain.my.lpm.agent.step;

import java.util.function.Supplier;

/** Is told of every step before it is done and after it was. What it throws breaks the step off there. */
public interface StepListener {
    /** Listens to nothing. */
    StepListener NONE = new StepListener() {
        @Override
        public void before(Step step) {}

        @Override
        public void after(Step step) {}
    };

    /** The step is about to be done. */
    void before(Step step);

    /** The step was done. Not told when it failed. */
    void after(Step step);

    /** Does a step. */
    default void during(Step step, Runnable act) {
        before(step);
        act.run();
        after(step);
    }

    /** Does a step that has a result. */
    default <T> T during(Step step, Supplier<T> act) {
        before(step);
        T result = act.get();
        after(step);
        return result;
    }
}
