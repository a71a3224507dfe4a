package domain.my.lpm.agent;

import java.nio.file.Path;

/** How a checkpoint image comes into the storage of the node's container runtime. */
public sealed interface ImageImport {
    /** Not at all: there is no {@code cri-o} mode. */
    record None() implements ImageImport {}

    /**
     * A program puts it there.
     *
     * @param words separated by spaces, with {@code {layout}}, {@code {image}} and, for the image that the container ran from,
     *     {@code {base}} in them
     */
    record Command(String words) implements ImageImport {}

    /**
     * The runtime pulls it from the agent.
     *
     * @param socket at which it answers the Container Runtime Interface, as the agent sees it
     * @param network the node's network namespace, such as {@code /proc/1/ns/net}: the runtime's loopback is in it
     */
    record Pull(Path socket, Path network) implements ImageImport {}
}
