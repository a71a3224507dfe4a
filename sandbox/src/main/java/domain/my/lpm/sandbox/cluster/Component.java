package domain.my.lpm.sandbox.cluster;

/** A part of a cluster that is started once and closed once. */
public interface Component extends AutoCloseable {
    /** Starts it; returns when it works. */
    void start();

    /** Ends it; also when it did not start, or not wholly. */
    @Override
    void close();
}
