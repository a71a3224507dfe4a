package domain.my.lpm.agent.image;

import java.nio.file.Path;

/** Puts an image into the node's storage. */
interface Importer {
    /**
     * The image that a container ran from.
     *
     * @param id by which the runtime knew it; empty where it is not told
     * @param name by which the pod named it; empty where it is not told
     */
    record Base(String id, String name) {}

    /**
     * Requires what the runtime needs besides the checkpoint, before the work begins.
     *
     * @throws domain.my.lpm.agent.AgentException if it is not there
     */
    void prepare(Base base);

    /**
     * Imports a layout.
     *
     * @param repository of the image, without a registry
     * @param tag of the image
     * @return the image's name
     * @throws domain.my.lpm.agent.AgentException if it was refused
     */
    String load(Path layout, String repository, String tag, Base base);
}
