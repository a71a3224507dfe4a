package domain.my.lpm.sandbox.cluster.server;

import java.io.IOException;

/** Disturbs requests, so that it can be tested how clients take it. */
public interface Interference {
    /** Disturbs nothing. */
    Interference NONE = new Interference() {};

    /**
     * Called before a request is looked at. It may wait.
     *
     * @param method such as {@code PATCH}
     * @param path without the query
     * @throws IOException when the connection is to end without an answer, and nothing to happen
     */
    default void before(String method, String path) throws IOException {}

    /**
     * Called when the request is done, before its answer is sent. It may wait.
     *
     * @throws IOException when the connection is to end without an answer
     */
    default void after(String method, String path) throws IOException {}
}
