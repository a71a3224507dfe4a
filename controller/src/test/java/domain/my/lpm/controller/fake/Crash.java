package domain.my.lpm.controller.fake;

import domain.my.lpm.controller.step.Step;
import domain.my.lpm.controller.step.StepListener;

/** Ends a controller at one side of an act: from then on it does nothing more. */
public final class Crash implements StepListener {
    private final Step step;
    private final boolean before;
    private volatile boolean dead;

    /** At which act, and at which side of it. */
    public Crash(Step step, boolean before) {
        this.step = step;
        this.before = before;
    }

    /** Whether it has come to that. */
    public boolean isDead() {
        return dead;
    }

    @Override
    public void before(Step now) {
        if (now == step && before) {
            dead = true;
        }
        die(now);
    }

    @Override
    public void after(Step now) {
        if (now == step && !before) {
            dead = true;
        }
        die(now);
    }

    private void die(Step now) {
        if (dead) {
            throw new IllegalStateException("this controller is dead since " + step + ", and does not come to " + now);
        }
    }
}
